"""Parquet files: written group by group, so that the same rows make the same bytes however they came together."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
from pyarrow import parquet

from omk.lake.arrow import TYPES
from omk.lake.segments import (
    GROUP,
    LANES,
    Content,
    Erasure,
    File,
    Manifest,
    Segment,
    Stretch,
    described,
    parts_of,
    write_manifest,
)
from omk.lake.stored import STORED

SCHEMAS = {name: pa.schema([(column, TYPES[kind]) for column, kind in columns.items()]) for name, columns in STORED.items()}
_LEVEL = 1


class Writer:
    """Writes the files of one lane of one segment into *folder*; a file is made for a table that has rows."""

    def __init__(self, folder: Path, lane: int, start: int) -> None:
        self._folder, self._lane, self._group_end = folder, lane, start + GROUP
        self._waiting: dict[str, list[pa.Table]] = {name: [] for name in STORED}
        self._open: dict[str, Any] = {}
        self._rows = dict.fromkeys(STORED, 0)
        folder.mkdir(parents=True, exist_ok=True)

    def add(self, end: int, tables: dict[str, pa.Table]) -> None:
        """Add the rows of the places up to *end*, which follow those added before."""
        for name, table in tables.items():
            if table.num_rows:
                self._waiting[name].append(table)
        if end >= self._group_end:
            self._flush()
            self._group_end = end + GROUP

    def close(self) -> tuple[File, ...]:
        """Write what is left; the files that were made."""
        self._flush()
        for writer in self._open.values():
            writer.close()
        return tuple(described(self._path(name), name, self._rows[name]) for name in STORED if self._rows[name])

    def _flush(self) -> None:
        for name, waiting in self._waiting.items():
            if not waiting:
                continue
            table = pa.concat_tables(waiting).combine_chunks()
            if name not in self._open:
                self._open[name] = _writer(self._path(name), SCHEMAS[name])
            self._open[name].write_table(table, row_group_size=table.num_rows)
            self._rows[name] += table.num_rows
            self._waiting[name] = []

    def _path(self, table: str) -> Path:
        return self._folder / f"{table}.{self._lane}.parquet"


def _writer(path: Path, schema: pa.Schema) -> Any:
    return parquet.ParquetWriter(path, schema, compression="zstd", compression_level=_LEVEL, store_schema=False)


def merge(folder: Path, stretch: Stretch, parts: dict[Stretch, Segment]) -> Manifest:
    """Write into *folder* the segment of *stretch*, made of all its shorter *parts*; the bytes that projecting it would give."""
    files: list[File] = []
    sources = [parts[one] for one in parts_of(stretch)]
    for lane in range(LANES):
        writer = Writer(folder, lane, stretch.start)
        for source in sources:
            writer.add(source.manifest.end, dict(_tables(source, lane)))
        files += writer.close()
    return finish(folder, stretch, [source.manifest.content for source in sources], files)


def finish(folder: Path, stretch: Stretch, contents: Sequence[Content], files: Iterable[File]) -> Manifest:
    """Write the manifest of a segment whose files are there."""
    tips = [one.tip for one in contents if one.tip is not None]
    erasures = {(one.goal, one.seq, one.path): one for content in contents for one in content.erasures}
    content = Content(
        events=sum(one.events for one in contents),
        tip=max(tips, key=lambda one: one.position, default=None),
        erasures=tuple(erasures[key] for key in sorted(erasures)),
    )
    ordered = tuple(sorted(files, key=lambda file: file.name))
    manifest = Manifest(start=stretch.start, end=stretch.end, content=content, files=ordered)
    write_manifest(folder, manifest)
    return manifest


def keeps(segment: Segment, erasure: Erasure) -> bool:
    """Whether a segment still has a text that was erased after it was made."""
    chosen = parquet.read_table(
        [str(path) for path in segment.paths("events")],
        columns=["texts"],
        filters=[("goal", "=", erasure.goal), ("seq", "=", erasure.seq)],
        schema=SCHEMAS["events"],
    )
    texts = [one for one in chosen.column("texts").to_pylist() if one]
    return any(erasure.path in msgspec.json.decode(one, type=dict[str, str]) for one in texts)


def _tables(segment: Segment, lane: int) -> Iterator[tuple[str, pa.Table]]:
    for file in segment.manifest.files:
        if file.name == f"{file.table}.{lane}.parquet":
            yield file.table, parquet.read_table(segment.folder / file.name, schema=SCHEMAS[file.table])
