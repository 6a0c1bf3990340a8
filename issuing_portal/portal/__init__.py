"""The shell of the staff portal: layout, lists, home, search, health."""
