"""The people of the portal: users, second factor, roles and grants, four eyes."""
