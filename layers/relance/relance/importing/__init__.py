"""Files of people that a company brings along: read as they are, row by row.

```
decoding.py  bytes (gzip, any usual encoding) to lines
csv_rows.py  lines of a CSV file to rows
json_rows.py lines of an NDJSON file to rows
row.py       one row
rows.py      a file of either kind to rows
mapping.py   which column says what
person.py    a row to a person, or to what is wrong with it
tables.py    rows to CSV that any spreadsheet opens
```
"""
