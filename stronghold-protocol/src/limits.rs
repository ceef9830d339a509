//! Every limit of the protocol, in one place. Each is enforced where its error is named.

/// Longest name of an organization, group, profile or agent, in characters ([`crate::name::InvalidName`]).
pub const NAME_CHARS: usize = 128;
/// Longest name of a secret, in bytes of UTF-8 ([`crate::name::InvalidName`]).
pub const SECRET_NAME_BYTES: usize = 256;
/// Longest e-mail address, in bytes (RFC 5321, section 4.5.3.1.3, less the angle brackets).
pub const EMAIL_BYTES: usize = 254;
/// Largest value of a secret, in bytes.
pub const SECRET_VALUE_BYTES: usize = 256 * 1024;
/// Longest note on a secret, in bytes of UTF-8.
pub const SECRET_NOTE_BYTES: usize = 4096;
/// Most references between secrets that are followed after one another.
pub const REFERENCE_DEPTH: usize = 16;
/// Most secrets that one profile holds.
pub const SECRETS_PER_PROFILE: usize = 10_000;
/// Most secrets that one statement re-encrypts inline, of all its profiles together; the others take the staged form.
pub const INLINE_REKEY_SECRETS: usize = 1_000;
/// How many bytes of secrets, as they are sent, one statement re-encrypts inline at most: with its seals it stays below what
/// proxies let through.
pub const INLINE_REKEY_BYTES: usize = 256 * 1024;
/// How many secrets a client stages in one request at most, when none is large.
pub const STAGE_SECRETS: usize = 250;
/// How many bytes of secrets, as they are sent, a client puts into one request at most, unless one secret alone is larger:
/// proxies refuse bodies of more than 1 MB unless they are told otherwise.
pub const PART_BYTES: usize = 768 * 1024;
/// How many denials of one key are recorded whole in a minute. The next one is recorded as `rate_limited`, those after it not
/// at all.
pub const DENIALS_RECORDED: u32 = 30;
/// How many addresses from which an account's log-ins were completed a server keeps; log-ins from there have limits of their
/// own.
pub const LOGIN_SOURCES: usize = 16;
/// Most unfinished stagings that a server keeps of one author for one profile; the oldest goes first.
pub const STAGINGS: usize = 4;
/// How long writes to a profile wait for the author of a statement that vouches for it, in seconds.
pub const HOLD_SECONDS: i64 = 10;
/// Largest directory statement body, in bytes.
pub const BODY_BYTES: usize = 16 * 1024 * 1024;
/// Largest signed payload other than those in a body, in bytes.
pub const PAYLOAD_BYTES: usize = 1024 * 1024;
/// Most signatures that one signed object carries.
pub const SIGNATURES: usize = 64;
/// Most owners and admins in a roster, each.
pub const ROSTER_MEMBERS: usize = 256;
/// Most source address ranges in an agent's conditions.
pub const SOURCE_CIDRS: usize = 64;
/// Largest request that a server takes, in bytes: a batch that re-encrypts inline, in base64.
pub const REQUEST_BYTES: usize = 64 * 1024 * 1024;
/// How much of a body a server reads before it has judged the request's headers, in bytes; more than any request holds that
/// nobody signs.
pub const UNJUDGED_BODY_BYTES: usize = 64 * 1024;
/// Largest size of a profile, in bytes: of the ciphertexts of all its secrets, names and notes with values.
pub const PROFILE_SEALED_BYTES: usize = 64 * 1024 * 1024;
/// Largest problem that a client reads, in bytes.
pub const PROBLEM_BYTES: usize = 64 * 1024;
/// Largest reply of a route that answers with one thing, in bytes: a header, an envelope, a receipt, proofs.
pub const SMALL_REPLY_BYTES: usize = 2 * 1024 * 1024;
/// Largest reply of a route that answers with a page, a list or some secrets, in bytes.
pub const PAGE_REPLY_BYTES: usize = 64 * 1024 * 1024;
/// Largest reply of a route that answers with all of a profile, or with many sealed keys, in bytes:
/// [`PROFILE_SEALED_BYTES`] in base64, with what stands around them and proofs.
pub const PROFILE_REPLY_BYTES: usize = 128 * 1024 * 1024;
/// Longest `stronghold-context` header, in bytes.
pub const CONTEXT_BYTES: usize = 4096;
/// Longest path and query of a request, in bytes, together.
pub const TARGET_BYTES: usize = 8192;
/// Longest path under which a server is reached, in bytes ([`crate::request::InvalidBasePath`]).
pub const BASE_PATH_BYTES: usize = 128;
/// Longest URL hint inside a token, in bytes (its length is one byte).
pub const TOKEN_URL_BYTES: usize = 255;
/// How far in the server's past a request's `created` may be, in seconds.
pub const REQUEST_PAST_SECONDS: i64 = 60;
/// How far in the server's future a request's `created` may be, in seconds.
pub const REQUEST_FUTURE_SECONDS: i64 = 30;
/// Largest correction that a client makes to its own clock, in seconds.
pub const CLOCK_CORRECTION_SECONDS: i64 = 15 * 60;
/// How long a server remembers a nonce at least, in seconds.
pub const NONCE_MEMORY_SECONDS: i64 = 24 * 60 * 60;
/// How far behind its newest record a server's clock may be, in seconds, before it refuses to serve.
pub const SERVER_CLOCK_BEHIND_SECONDS: i64 = 30;
/// Most statements in one page of the directory.
pub const DIRECTORY_PAGE: usize = 500;
/// Longest line of an archive of audit records, in bytes: no record comes near it.
pub const ARCHIVE_LINE_BYTES: usize = 1024 * 1024;
/// Most records in one page of the audit log.
pub const AUDIT_PAGE: usize = 2000;
/// How many records' places in the audit log can be asked for at once.
pub const INCLUSIONS: usize = 256;
/// Most revisions in one page of a profile's past.
pub const REVISIONS_PAGE: usize = 500;
/// From this number of leaves on a page of a profile's past ends with the revision that reached it.
pub const REVISIONS_PAGE_LEAVES: usize = 5000;
/// Most versions of secrets in one read of a profile's past.
pub const VERSIONS_READ: usize = 64;
/// From this size on a page of what revisions introduced ends with the revision that reached it, in bytes of ciphertext.
pub const INTRODUCED_PAGE_BYTES: usize = 1024 * 1024;
/// Most blind indexes in one partial read.
pub const PARTIAL_READ_INDEXES: usize = 64;
/// Most rosters that can lack signatures at a time.
pub const APPROVALS: usize = 64;
