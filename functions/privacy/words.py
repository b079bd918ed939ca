"""The declarations' vocabulary in the languages of the product, for report, export and policy."""

from typing import Final, Literal

from core.data.personal_data import Basis, Category, Effect, Purpose, Retention

Language = Literal["nb", "en"]

CATEGORIES: Final[dict[Language, dict[Category, str]]] = {
    "nb": {
        Category.ACCOUNT: "kontoopplysninger",
        Category.CONTENT: "innhold",
        Category.USAGE: "bruksopplysninger",
        Category.BILLING: "faktureringsopplysninger",
        Category.LOG: "loggdata",
        Category.DEVICE: "enhetsopplysninger",
        Category.LOCATION: "posisjon",
        Category.INTEGRATION: "tilkoblede tjenester",
        Category.THIRD_PARTY: "opplysninger fra tredjeparter",
        Category.COMMUNICATION: "kommunikasjon",
    },
    "en": {
        Category.ACCOUNT: "account information",
        Category.CONTENT: "content",
        Category.USAGE: "usage information",
        Category.BILLING: "billing information",
        Category.LOG: "log data",
        Category.DEVICE: "device information",
        Category.LOCATION: "location",
        Category.INTEGRATION: "connected services",
        Category.THIRD_PARTY: "information from third parties",
        Category.COMMUNICATION: "communication",
    },
}

PURPOSES: Final[dict[Language, dict[Purpose, str]]] = {
    "nb": {
        Purpose.PROVIDE_SERVICE: "å levere tjenesten",
        Purpose.SECURITY: "sikkerhet",
        Purpose.SUPPORT: "brukerstøtte",
        Purpose.BILLING: "fakturering",
        Purpose.LEGAL_DUTY: "å oppfylle en rettslig plikt",
    },
    "en": {
        Purpose.PROVIDE_SERVICE: "to provide the service",
        Purpose.SECURITY: "security",
        Purpose.SUPPORT: "support",
        Purpose.BILLING: "billing",
        Purpose.LEGAL_DUTY: "to do what the law demands",
    },
}

BASES: Final[dict[Language, dict[Basis, str]]] = {
    "nb": {
        Basis.CONTRACT: "avtale (personvernforordningen artikkel 6 nr. 1 bokstav b)",
        Basis.CONSENT: "samtykke (personvernforordningen artikkel 6 nr. 1 bokstav a)",
        Basis.LEGAL_OBLIGATION: "rettslig forpliktelse (personvernforordningen artikkel 6 nr. 1 bokstav c)",
        Basis.LEGITIMATE_INTEREST: "berettiget interesse (personvernforordningen artikkel 6 nr. 1 bokstav f)",
    },
    "en": {
        Basis.CONTRACT: "contract (GDPR article 6(1)(b))",
        Basis.CONSENT: "consent (GDPR article 6(1)(a))",
        Basis.LEGAL_OBLIGATION: "legal obligation (GDPR article 6(1)(c))",
        Basis.LEGITIMATE_INTEREST: "legitimate interest (GDPR article 6(1)(f))",
    },
}

_EFFECTS: Final[dict[Language, dict[str, str]]] = {
    "nb": {
        "Delete": "slettes",
        "Blank": "tømmes, plassen i samtalen blir stående",
        "Anonymise": "blir stående uten navn",
        "Transfer": "blir hos kunden, uten navn",
        "Retain": "beholdes fordi loven krever det",
    },
    "en": {
        "Delete": "deleted",
        "Blank": "emptied; its place in the conversation stays",
        "Anonymise": "stays without the name",
        "Transfer": "stays with the Customer, without the name",
        "Retain": "kept because the law demands it",
    },
}

_KEPT: Final[dict[Language, dict[str, str]]] = {
    "nb": {
        "with_parent": "så lenge det som det hører til",
        "with_account": "så lenge kontoen",
        "forever": "uten sluttdato",
    },
    "en": {
        "with_parent": "as long as what it belongs to",
        "with_account": "as long as the account",
        "forever": "without an end",
    },
}

_UNITS: Final[dict[Language, dict[str, tuple[str, str]]]] = {
    "nb": {"D": ("dag", "dager"), "M": ("måned", "måneder"), "Y": ("år", "år")},
    "en": {"D": ("day", "days"), "M": ("month", "months"), "Y": ("year", "years")},
}


def effect(found: Effect, language: Language) -> str:
    """Say what erasure does."""
    return _EFFECTS[language][type(found).__name__]


def kept(retention: Retention, language: Language) -> str:
    """Say how long something is kept: `90 days`, `så lenge kontoen`."""
    if retention.period is None:
        return _KEPT[language][retention.kept]
    count, unit = int(retention.period[1:-1]), retention.period[-1]
    one, many = _UNITS[language][unit]
    return f"{count} {one if count == 1 else many}"
