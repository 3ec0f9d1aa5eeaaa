"""The adapters: one module for each AWS service, each behind a port of `relance.ports`.

An adapter translates words and errors and decides nothing. `ClientError` ends here.
"""
