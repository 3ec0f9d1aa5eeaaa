"""The storage services, from ministack's modules called inside the process.

Each module here adapts one service to `hook.Service`: it passes the parameters of a call to
ministack's handler for that service, whose coroutine never suspends, and returns what botocore
would have made of the answer. No server, no socket, no thread.
"""
