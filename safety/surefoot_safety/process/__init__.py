"""The processes around the supervisor: loops on absolute deadlines, requests from operators, start and end."""
