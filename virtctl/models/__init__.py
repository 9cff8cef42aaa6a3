"""What API objects are: kinds, typed views for reading, and typed getters on raw documents.

No behaviour beyond reading themselves, and no I/O. Typed views are for reading; writes are patches
or whole raw documents, because a decoded object forgets fields that it does not know.
"""
