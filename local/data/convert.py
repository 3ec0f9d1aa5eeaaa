"""Turn the published CDNOW sample (fixed columns) into the CSV that the demo reads.

    python -m local.data.convert CDNOW_sample.txt local/data/cdnow_sample.csv.gz

The result is the same to the byte every time: rows by customer and date, no time stamp inside.
"""

from __future__ import annotations

import gzip
import sys
from datetime import datetime
from pathlib import Path

HEADER = "customer_id,date,cds,dollars"


def convert(published: str) -> bytes:
    """Return the gzipped CSV: the sample's own id, ISO date, number of CDs, dollars."""
    rows = []
    for line in published.splitlines():
        if line.strip():
            _master, customer, day, cds, dollars = line.split()
            date = datetime.strptime(day, "%Y%m%d").date()  # noqa: DTZ007 (a day, not an instant)
            rows.append((customer, date.isoformat(), int(cds), f"{float(dollars):.2f}"))
    rows.sort(key=lambda row: row[:2])
    lines = [HEADER, *(",".join(str(cell) for cell in row) for row in rows)]
    return gzip.compress(("\n".join(lines) + "\n").encode("ascii"), 9, mtime=0)


if __name__ == "__main__":
    source, target = sys.argv[1:]
    Path(target).write_bytes(convert(Path(source).read_text("ascii")))
