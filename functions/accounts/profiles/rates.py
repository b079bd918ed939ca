"""Rates: how often a person may do what is cheap to abuse, counted in the commit of what they do."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from accounts.profiles.records import RateRecord, rates
from core.data.collections import Key
from core.data.operations import Write
from core.failures import RateLimited


@dataclass(frozen=True)
class Rate:
    """So many times within a period, under a name of its own; the period begins with the first time."""

    name: str
    most: int
    period: timedelta

    def key(self, uid: str) -> Key[RateRecord]:
        """Where a person's count lies: read it with what else the request reads, and give it to `count`."""
        return rates.at(uid, self.name)

    def count(self, uid: str, found: RateRecord | None, now: datetime, times: int = 1) -> Write[RateRecord]:
        """Return the write that counts what is about to be done. Raises RateLimited when it is too often.

        The write is guarded, so of requests at the same time each is counted.
        """
        if found is None:
            self._refuse(times, self.period)
            return rates.create(self._record(uid, times, now))
        over = found.since + self.period <= now
        used = 0 if over else found.used
        self._refuse(used + times, self.period if over else found.since + self.period - now)
        record = self._record(uid, used + times, now if over else found.since)
        return rates.update(found, used=record.used, since=record.since, expires_at=record.expires_at)

    def _refuse(self, times: int, wait: timedelta) -> None:
        if times > self.most:
            raise RateLimited(retry_after=max(1, int(wait.total_seconds())))

    def _record(self, uid: str, used: int, since: datetime) -> RateRecord:
        return RateRecord(uid=uid, name=self.name, used=used, since=since, expires_at=since + self.period)


INVITATIONS = Rate("invitations", 200, timedelta(days=1))
"""Invitations by a person in their own name."""

PROVISIONED = Rate("provisioned", 5_000, timedelta(days=1))
"""Invitations by a person in the name of their Customers: a school year's beginning fits."""

MENTIONS = Rate("mentions", 200, timedelta(hours=1))

OFFERS = Rate("offers", 50, timedelta(days=1))
"""Offers of a group to another Customer, whose owners are each told of it."""
