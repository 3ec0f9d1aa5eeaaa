"""The services that are ours: EventBridge, Step Functions, Scheduler, Lambda, SNS.

Each has a method for every operation that the product uses, named and shaped as in boto3; what is
missing is refused by name by the hook.
"""
