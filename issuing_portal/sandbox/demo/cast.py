"""Names, merchants and departments of the demo. All invented."""

from dataclasses import dataclass

BUSINESS = "Aldermoor District Council"
DEPARTMENTS = ("Schools", "Local Services", "Children and Families", "Corporate Resources", "Adult Social Care", "Development")
CARD_USERS = (
    "Nora Ashby", "Tomas Birk", "Leila Cardew", "Owen Dacre", "Hana Eastwood", "Piotr Falk", "Grace Garrick", "Jonas Hallam", "Mina Ivers",
    "Callum Jarrow", "Ines Kestrel", "Victor Lund", "Zara Merrick", "Elias Norcott", "Bella Orchard", "Rafael Penrose", "Thea Quill",
    "Marcus Rowntree",
)
INDIVIDUALS = ("Clara Bellamy", "Hugo Castell", "Ruby Dunstan", "Oskar Emsley", "Lina Fairfax", "Noah Grantham", "Petra Holloway", "Silas Ingram")


@dataclass(frozen=True)
class Merchant:
    """A card acceptor, with the least and most that one pays there, in minor units."""

    name: str
    mcc: str
    city: str
    country: str
    channel: str
    least: int
    most: int

    @property
    def id(self) -> str:
        return "".join(sign for sign in self.name.upper() if sign.isalnum())[:12].ljust(12, "0") + self.mcc[:3]


MERCHANTS = (
    Merchant("Brook Lane Books", "5942", "Aldermoor", "GB", "ecommerce", 450, 12_000),
    Merchant("Pennine Stationers", "5943", "Leeds", "GB", "ecommerce", 300, 9_000),
    Merchant("Fen Street Grocers", "5411", "Aldermoor", "GB", "contactless", 250, 8_500),
    Merchant("Harbour Fuel", "5541", "Aldermoor", "GB", "chip", 2_000, 9_500),
    Merchant("Greyfriars Hardware", "5072", "York", "GB", "chip", 800, 42_000),
    Merchant("Northway Rail", "4111", "London", "GB", "ecommerce", 1_200, 18_000),
    Merchant("The Mill Kitchen", "5812", "Aldermoor", "GB", "contactless", 700, 6_400),
    Merchant("Cobalt Hosting", "5734", "Dublin", "IE", "recurring", 900, 30_000),
    Merchant("Saltmarsh Print", "7338", "Norwich", "GB", "ecommerce", 1_500, 24_000),
    Merchant("Pier Taxis", "4121", "Brighton", "GB", "contactless", 600, 4_200),
    Merchant("Hotel Lindenhof", "7011", "Vienna", "AT", "chip", 9_000, 38_000),
    Merchant("Tern Safety Supplies", "5085", "Hull", "GB", "ecommerce", 1_000, 55_000),
)
CASINO = Merchant("Lucky Lantern Casino", "7995", "Blackpool", "GB", "ecommerce", 2_000, 20_000)
FAR_AWAY = Merchant("Bazaar Palmyra", "5999", "Damascus", "SY", "chip", 1_000, 9_000)
CASH_MACHINE = Merchant("Market Square ATM", "6011", "Aldermoor", "GB", "atm", 1_000, 20_000)
