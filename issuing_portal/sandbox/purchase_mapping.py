"""What a purchase-card file does not say and a card message needs: MCC, country, channel, merchant id.

The mapping is OURS, made for the replay: the file's `category` is the ledger heading of the organisation that published it,
not a merchant category, and the file names neither country nor channel. Nothing here is a fact about a real purchase.
"""

import hashlib

DEFAULT_MCC = "5999"
"""Miscellaneous and speciality retail."""

MCC_BY_CATEGORY = {
    "accomodation hire": "6513", "advertising nonstaff": "7311", "aftercare assistance": "8299", "bank & goro chgss": "6012",
    "bldg rm departmental": "1520", "bldg rm emergy udd": "1520", "bldg rm fair fund ns": "1520", "bldg rm fair fund s": "1520", "books": "5942",
    "burials & cremations": "7261", "car parking": "7523", "catering disposables": "5046", "cleaning materials": "5087", "clothing&uniforms": "5137",
    "computing other": "5734", "conference fees subs foreign": "8299", "conference fees subs uk": "8299", "consultancy fees": "7392",
    "contract meals": "5811", "csdp act telephones": "4814", "disinfestation": "7342", "electricity": "4900", "employer liab ins": "6300",
    "equip maintenance": "7699", "equip office": "5044", "equip operational": "5072", "equip other": "5072", "family support s17": "8398",
    "fire/sec'yalarm/eq't": "7393", "gas": "4900", "grounds maintenance": "0780", "hospitality": "5812", "insurance nonpremise": "6300",
    "laundry": "7211", "legal fee other": "8111", "licences & permits": "9399", "mat'l raw/drct": "5085", "mobiles/radios/pagrs": "4812",
    "n'papers&periodicals": "5994", "other fix&fittings": "5712", "other services": "7399", "personal needs": "5311", "phon noncentrx lines": "4814",
    "photocopying": "7338", "plant r&m general": "7699", "postage": "9402", "premises misc": "1520", "premises provisions": "5411",
    "prof fees other": "8999", "promotions/marketing": "7311", "purchases food": "5411", "schgovbrds clerks": "8211",
    "signs & n'boards": "5099", "staff advert exp": "7311", "stationery": "5943", "subscriptions": "5968", "supplies & sev mic": "5732",
    "training equipmat'ls": "5192", "training other": "8299", "training travel&subs": "4722", "translations": "7399", "transport insurance": "6300",
    "transport misc": "4789", "travel bus/rail": "4111", "travel foreign": "4722", "travel taxis": "4121", "ttavel other (uk)": "4789",
    "vehicle excise lics": "9399", "vehicle fuel": "5541", "vehicle othruncosts": "7538", "vehicle r&m": "7538", "visits expenditure": "7999",
    "water services": "4900", "witness expenses": "9211",
}
"""Category, without regard to case and outer spaces → MCC (ISO 18245); what is not here is DEFAULT_MCC."""

DEFAULT_COUNTRY = "GB"
COUNTRY_BY_CURRENCY = {"GBP": "GB", "USD": "US", "EUR": "IE", "AUD": "AU", "HUF": "HU"}
"""A guess by the currency of the purchase; the euro has many countries, and one had to be taken."""

ONLINE_MARKS = ("www", ".co", ".com", ".net", ".org", "http", "amazon", "online", "paypal", "ebay")


def mcc_for(category: str) -> str:
    """The four digits that we give to purchases under this heading."""
    return MCC_BY_CATEGORY.get(" ".join(category.split()).casefold(), DEFAULT_MCC)


def country_for(currency: str) -> str:
    """The country that we take for a purchase in this currency."""
    return COUNTRY_BY_CURRENCY.get(currency, DEFAULT_COUNTRY)


def channel_for(merchant_name: str) -> str:
    """`ecommerce` where the merchant's name looks like a site, else `chip`."""
    return "ecommerce" if any(mark in merchant_name.casefold() for mark in ONLINE_MARKS) else "chip"


def merchant_id_for(merchant_name: str) -> str:
    """A card-acceptor id of fifteen characters (ISO 8583 field 42), the same for the same name."""
    return "RP" + hashlib.sha256(merchant_name.casefold().encode()).hexdigest()[:13].upper()
