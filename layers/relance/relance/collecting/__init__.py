"""Collecting: what clients send, read into messages; nothing here reads or writes a table.

`keys` says who may send, `delivery` how a batch came, `segment` and `cloudevents` read the two
forms that are spoken here, `messages` is what both become, `settings` is what a browser asks first.
"""
