-- What tells a request from others with its key. Records of before have none: until they are two days old, they count for any request
-- with their key.
ALTER TABLE directory.done_requests ADD COLUMN fingerprint text;
