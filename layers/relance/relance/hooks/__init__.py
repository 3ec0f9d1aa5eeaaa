"""Hooks: what other companies' systems report by calling us, verified and read into items.

`signatures` says whether a request comes from whom it should, `challenges` answers a provider that
asks whether an address is ours, `schemes` are the signatures of known providers, `mapping` makes
items of the Segment form of a payload. Nothing here reads or writes a table.
"""
