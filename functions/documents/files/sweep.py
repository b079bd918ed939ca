"""The nightly sweep: uploads that nobody waits for any longer, deletions and copies that were left half way."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from core.data.collections import Key
from core.data.contention import again_when_moved
from core.data.database import Database
from core.services.objects import Objects
from core.services.queue import Tasks
from documents.files import removal
from documents.files.records import FileRecord, FileState, files, uploads
from documents.records import FILES_TASKS, documents

UNTOUCHED: Final = timedelta(hours=1)
"""Deletions younger than this are left to their task."""

_PAGE: Final = 300


@dataclass
class Found:
    """How many files were found, and put right unless the sweep was dry.

    `expired` uploads never came, `arrived` ones came and were not dealt with, `deleted` files were left half deleted,
    and `copies` are documents that wait for files of another.
    """

    expired: int = 0
    arrived: int = 0
    deleted: int = 0
    copies: int = 0


@dataclass(frozen=True)
class Sweep:
    """One run. A dry one changes nothing."""

    db: Database
    objects: Objects
    tasks: Tasks
    now: datetime
    dry: bool
    found: Found = field(default_factory=Found)

    async def run(self) -> Found:
        """Look at everything, in pages."""
        await self._overdue()
        await self._half_deleted()
        await self._unfinished_copies()
        return self.found

    async def _overdue(self) -> None:
        """End the wait for what has not come; what has come, and was not dealt with, is handed in once more."""
        query = files.everywhere().where("settle_by", "<=", self.now).ordered("settle_by").limit(_PAGE)
        page = await self.db.query(query)
        while page:
            for file in page:
                await self._settle(file)
            last = page[-1]
            page = await self.db.query(query.start_after(last.settle_by, files.key_of(last)))

    async def _settle(self, file: FileRecord) -> None:
        there = await self.objects.stat(uploads.of(file)) if file.upload else None
        if there:
            self.found.arrived += 1
            if not self.dry:
                payload = {"documentId": file.document_id, "fileId": file.id}
                name = f"{file.document_id} {file.id} {self.now.date()}"
                await self.tasks.enqueue(FILES_TASKS, "settle-upload", payload, name=name)
            return
        self.found.expired += 1
        if not self.dry and await self._withdraw(files.key_of(file)):
            await removal.finish(self.db, self.objects, file.document_id, file.id)

    @again_when_moved
    async def _withdraw(self, key: Key[FileRecord]) -> bool:
        file = await self.db.get(key)
        if file is None or file.state is not FileState.PENDING:
            return False
        await self.db.commit(*removal.gone(file, self.now))
        return True

    async def _half_deleted(self) -> None:
        before = self.now - UNTOUCHED
        query = files.everywhere().where("deleted_at", "<=", before).ordered("deleted_at").limit(_PAGE)
        page = await self.db.query(query)
        while page:
            self.found.deleted += len(page)
            for file in page if not self.dry else ():
                await removal.erase(self.db, self.objects, file)
            last = page[-1]
            page = await self.db.query(query.start_after(last.deleted_at, files.key_of(last)))

    async def _unfinished_copies(self) -> None:
        query = (
            documents.under().where("files_from", ">", "").ordered("files_from").limit(_PAGE).only("id", "files_from")
        )
        page = await self.db.query(query)
        while page:
            self.found.copies += len(page)
            for document in page if not self.dry else ():
                name = f"{document.id} {self.now.date()}"
                await self.tasks.enqueue(FILES_TASKS, "copy-files", {"documentId": document.id}, name=name)
            last = page[-1]
            page = await self.db.query(query.start_after(last.files_from, documents.at(last.id)))
