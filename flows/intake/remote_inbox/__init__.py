"""An inbox at an address (``s3://bucket/inbox``, ``sftp://…``): whatever fsspec opens.

Its files are fetched to a folder of this process and read there, each under its own name, with the site of its folder.
A file leaves the inbox when its content lies in the archive and the inbox still holds the same.

A bucket knows no folders. A prefix under which nothing lies and one that was misspelt look the same, so the first night
wants to see something there; later on an empty one is what a night leaves behind. A folder of a server is there or not.
"""
