"""The processors of the policy, as it lists them: name, activity, country; with what each would be sent."""

from typing import Final

from core.data.personal_data import Category
from core.data.processors import Processor

_EVERYTHING: Final = frozenset(Category)

GOOGLE: Final = Processor(
    "google",
    name="Google LLC",
    activity="cloud service provider: database, object storage, functions, sign-in",
    country="US",
    transfer="adequacy_decision",
    receives=_EVERYTHING,
    sent="all that the service stores; sign-in data are kept in the United States",
    erasing="with_ours",
)
ITPAYS: Final = Processor(
    "itpays",
    name="ItPays AS",
    activity="cloud service provider",
    country="NO",
    transfer="within_eea",
    receives=frozenset(),
    sent="nothing today",
    erasing="nothing_kept",
)
PRO_ISP: Final = Processor(
    "pro_isp",
    name="PRO ISP AS",
    activity="cloud service provider",
    country="NO",
    transfer="within_eea",
    receives=frozenset(),
    sent="nothing today",
    erasing="nothing_kept",
)
TRIPLETEX: Final = Processor(
    "tripletex",
    name="Tripletex",
    activity="accounting and payments",
    country="NO",
    transfer="within_eea",
    receives=frozenset({Category.BILLING}),
    sent="invoices of paying Customers",
    erasing="by_mail",
)
SLACK: Final = Processor(
    "slack",
    name="Slack Technologies, Inc.",
    activity="communication platform",
    country="US",
    transfer="adequacy_decision",
    receives=frozenset(),
    sent="nothing that names a person",
    erasing="nothing_kept",
)
INTERCOM: Final = Processor(
    "intercom",
    name="Intercom",
    activity="customer support",
    country="US",
    transfer="adequacy_decision",
    receives=frozenset({Category.ACCOUNT, Category.COMMUNICATION}),
    sent="requests for help, with name and address of whoever asks",
    erasing="by_mail",
)
MAILCHIMP: Final = Processor(
    "mailchimp",
    name="MailChimp",
    activity="e-mail marketing and newsletter",
    country="US",
    transfer="adequacy_decision",
    receives=frozenset({Category.ACCOUNT}),
    sent="addresses of those who asked for the newsletter",
    erasing="by_mail",
)
SENDINBLUE: Final = Processor(
    "sendinblue",
    name="SendinBlue",
    activity="e-mail notifications",
    country="FR",
    transfer="within_eea",
    receives=frozenset({Category.ACCOUNT, Category.COMMUNICATION}),
    sent="notices, with the address that they go to",
    erasing="by_mail",
)
