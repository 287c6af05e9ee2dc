/** Every bound of the server, with its unit and its reason. */

// What people write

/** Characters of a room's name, all ASCII: what fits into a list beside the messages. */
export const MAX_ROOM_LENGTH = 40;
/** Code points. Longer names break the layout of a line on a phone. */
export const MAX_USER_LENGTH = 40;
/** Code points. A page of text; whoever needs more wants a document. */
export const MAX_MESSAGE_LENGTH = 4_000;
/** Kinds of emoji on one message: what a person can take in, and what bounds the size of a message. */
export const MAX_REACTION_KINDS = 20;
/** UTF-16 code units of one emoji, so that the pattern is tried on short texts only. The longest have 15. */
export const MAX_REACTION_LENGTH = 64;
/** Characters, as in a header that is easily logged and compared. */
export const MAX_KEY_LENGTH = 64;
/** Bytes of a body or of a WebSocket message: 4,000 code points of 4 bytes, escaped, and room for the rest. */
export const MAX_BODY_BYTES = 65_536;
/** Milliseconds: a year, so that a mistyped century is refused at once. */
export const MAX_SCHEDULE_AHEAD_MS = 366 * 24 * 60 * 60 * 1000;
/** Scheduled messages of one identity that may wait: more than a person plans, less than a machine would hoard. */
export const MAX_SCHEDULED_PER_AUTHOR = 100;
/** Milliseconds of the longest sleep until a scheduled message: after that the wall clock, which may be set, is read again. */
export const SCHEDULE_LOOK_EVERY_MS = 30_000;
/** Milliseconds until a release that failed is tried again. */
export const RETRY_RELEASE_MS = 1_000;

// What is asked for

/** Messages in one answer: what a page can draw at once, some 300 kB. */
export const MAX_PAGE = 1_000;
/** Characters of JSON after which an answer ends with `More`: until it is taken, it waits in memory. */
export const MAX_PAGE_CHARS = 1_500_000;
/** Messages given to one that comes without a cursor: a few screens. */
export const DEFAULT_PAGE = 100;
/** Seconds a long poll is held. Proxies commonly cut a silent request at 60 s. */
export const MAX_WAIT_S = 55;
/** Milliseconds until a request must have arrived completely; then it is answered 408 and cut. */
export const REQUEST_TIMEOUT_MS = 60_000;
/** Milliseconds until the headers must have arrived; holding back headers is the cheapest attack. */
export const HEADERS_TIMEOUT_MS = 20_000;
/** Milliseconds between looks for requests that take too long. */
export const TIMEOUT_CHECK_MS = 1_000;
/** Milliseconds an idle connection is kept for the next request; longer than the usual 60 s of a proxy in front. */
export const KEEP_ALIVE_MS = 65_000;
/** Milliseconds without a byte either way until a connection is cut. */
export const SILENT_CONNECTION_MS = 75_000;
/** Bytes of the request line and the headers together. */
export const MAX_HEADER_BYTES = 16_384;

/** Characters of a search: a sentence. */
export const MAX_SEARCH_LENGTH = 200;
/** Words and phrases of a search that count. */
export const MAX_SEARCH_TERMS = 20;
/** Newest matches that are ranked against each other. */
export const MAX_SEARCH_CANDIDATES = 1_000;
/** Searches that wait for those before them: the worst take half a second each, nearly all a few milliseconds. */
export const MAX_SEARCHES_WAITING = 200;
/** Milliseconds that a search waits for its turn at most; by then a person has given up. */
export const SEARCH_TURN_WITHIN_MS = 5_000;
/** Searches of one address that are under way together: a class that was told to look something up. */
export const MAX_SEARCHES_PER_ADDRESS = 20;

// What is remembered

/** Parsed queries that are kept: clients that have seen everything send the same one, the others seldom repeat theirs. */
export const REMEMBERED_QUERIES = 1_000;
/** Origins whose response headers are kept. */
export const REMEMBERED_ORIGINS = 100;
/** Characters of an input whose result is kept: longer ones are made up by someone. */
export const MAX_REMEMBERED_CHARS = 200;
/** Milliseconds until a bundle that failed is tried again, so that a mistake in a source does not delay every request. */
export const JOIN_AGAIN_AFTER_MS = 2_000;
/** QR codes that are kept, 7 kB each: a server has few addresses. */
export const MAX_QR_CODES = 20;
/** Characters of an address that is drawn as a QR code: more make a code too fine for a phone, and take long to draw. */
export const MAX_QR_CHARS = 100;
/** Addresses of the machine that the front door shows: beyond, nobody knows which to take. */
export const MAX_ADDRESSES_SHOWN = 3;

/** Changes kept in memory; more than clients miss in a minute at 150 messages/s. */
export const MAX_WINDOW_CHANGES = 10_000;
/** Characters of JSON kept in memory, so that a window of long messages is bounded too: at most some 64 MB. */
export const MAX_WINDOW_CHARS = 8_000_000;
/** Bytes of a journal that is checked for damage before the start; a larger one is checked while the server runs. */
export const MAX_JOURNAL_CHECKED_BYTES = 64 * 1024 * 1024;
/** Bytes of a store that is checked for damage at the start: what a slow disk reads in a second or two. */
export const MAX_STORE_CHECKED_BYTES = 64 * 1024 * 1024;
/** Entries between two checkpoints of the store's write-ahead log, made by another thread: some 4 MB of log. */
export const CHECKPOINT_EVERY_ENTRIES = 250;
/** Pages of 4 KiB in that log at which SQLite makes a checkpoint itself, within a write that everyone waits for. */
export const MAX_STORE_LOG_PAGES = 16_000;
/** Milliseconds that the store waits for another program that is busy with its file: everyone else waits as long. */
export const STORE_BUSY_MS = 100;
/** The same for the journal, on its own thread: there is no other program but of someone who looks into the file. */
export const JOURNAL_BUSY_MS = 2_000;
/** KiB of SQLite's page cache for the store: idempotency keys are random, so they touch all of their index. */
export const STORE_CACHE_KIB = 16 * 1024;
/** Entries handed on at a time while a stored journal is read, so that reading it never holds up the rest. */
export const JOURNAL_SLICE = 500;

/** Seconds that a subscription nobody uses is kept: a laptop carried from one room to another. */
export const SUBSCRIPTION_IDLE_S = 600;
/** Subscriptions of one client: a room each, of those that a person follows. */
export const MAX_SUBSCRIPTIONS_PER_CLIENT = 100;
/** Subscriptions in all; each takes some 1.3 kB. */
export const MAX_SUBSCRIPTIONS = 50_000;
/** Batches of a subscription that can be confirmed one by one: more than are ever on their way to one client. */
export const MAX_UNCONFIRMED_BATCHES = 16;

// How it is sent

/** Messages sent to a connection in one go while it catches up. */
export const CATCH_UP_SLICE = 500;
/** Bytes of such a go, after which no further piece is begun: so a socket's backlog grows by two pieces at most. */
export const MAX_SLICE_BYTES = 128 * 1024;
/** Milliseconds of each turn of the event loop for all who catch up together: so long others have to wait. */
export const CATCH_UP_TURN_MS = 2;
/** Messages in a piece of history that is encoded once for all who come back. */
export const PIECE_CHANGES = 250;
/** Characters of such a piece, so that long messages make shorter pieces; one message is the least. */
export const MAX_PIECE_CHARS = 128 * 1024;
/** Messages that a piece must have to be kept: fewer are encoded as quickly as they are looked up. */
export const MIN_PREPARED_CHANGES = 50;
/** Bytes of all pieces that are kept: 100,000 messages in one encoding take some 35 MB. */
export const MAX_PREPARED_BYTES = 64 * 1024 * 1024;
/** Milliseconds until a piece that nobody asked for is forgotten. */
export const FORGET_PREPARED_MS = 60_000;
/** Bytes that may wait in a socket before nothing more is queued for it: what a reader that stopped costs. */
export const MAX_BACKLOG_BYTES = 256 * 1024;
/** Milliseconds after which a connection that does not take what waits for it is closed. */
export const MAX_STALL_MS = 60_000;
/** Milliseconds between looks for such connections. */
export const STALL_CHECK_MS = 5_000;
/** Milliseconds at most that a batch waits while every turn of the event loop brings more of it. */
export const MAX_GATHER_MS = 4;
/** Characters of JSON in one batch: more in one write would save nothing, and all of it is queued for a slow reader. */
export const MAX_BATCH_CHARS = 128 * 1024;
/** The first change of a burst waits for the others for this part of the last flush's duration: a sixth of it. */
export const HEAD_STARTS_PER_FLUSH = 6;
/** Milliseconds of that wait at most: the posts of a burst come within so much of each other. */
export const MAX_HEAD_START_MS = 3;
/** Milliseconds that a batch waits for changes that are being committed: what a slow disk takes for that. */
export const MAX_AWAIT_MORE_MS = 10;
/** The pause after a flush, in multiples of its duration: so fan-out takes at most a fifth of a busy core. */
export const PAUSES_PER_FLUSH = 4;
/** Milliseconds of that pause at most: what a person does not notice. */
export const MAX_FLUSH_PAUSE_MS = 40;
/** Milliseconds between pings on a WebSocket. */
export const PING_EVERY_MS = 30_000;
/** Milliseconds after a ping until a silent peer is dropped. */
export const PONG_WITHIN_MS = 10_000;
/** Milliseconds between heartbeats of a stream, so that proxies keep it open; 15 s are promised, and timers may be late. */
export const HEARTBEAT_EVERY_MS = 12_000;
/** Milliseconds a browser's EventSource is told to wait before it connects again. */
export const SSE_RETRY_MS = 2_000;
/** Milliseconds that the server takes to end everything once it was told to. */
export const SHUTDOWN_WITHIN_MS = 8_000;
/** Milliseconds of that at most for connections that the system already holds: it queues some 500, and one is accepted a turn. */
export const LAST_CALL_MS = 1_000;
/** Turns without a new connection after which there is none, and what the last of them said is read. */
export const QUIET_TURNS = 2;

/** Milliseconds between two slots of a wheel: pings and heartbeats are spread over slots, so that no turn has them all. */
export const ROUND_TICK_MS = 1_000;
/** Milliseconds between looks at held polls whose time is up. */
export const LONG_POLL_TICK_MS = 50;
/** Milliseconds that a socket stays after a close frame, so that the peer gets to read why. */
export const LINGER_MS = 2_000;

/** Milliseconds that joins and leaves are gathered before a room is told how many are there. */
export const PRESENCE_GATHER_MS = 50;
/** Milliseconds at least between two such announcements in a room. */
export const PRESENCE_EVERY_MS = 1_000;
/** Milliseconds between them for each person there: in a crowd each announcement costs as many writes as there are people. */
export const PRESENCE_MS_PER_PERSON = 1;
/** Milliseconds that someone who polls counts as present after asking. */
export const POLLER_STAYS_MS = 60_000;
/** Identities that are counted as polling, in all rooms together. */
export const MAX_POLLERS = 20_000;
/** Milliseconds that signs of typing are gathered before a room is told. */
export const TYPING_GATHER_MS = 100;
/** Milliseconds between two signs of typing of one connection, or over HTTP of one caller; those between are ignored. */
export const TYPING_EVERY_MS = 1_000;
/** People that a room is told of at a time: nobody reads more names. */
export const MAX_TYPING_TOLD = 20;
/** People whose last sign of typing is remembered for `TYPING_EVERY_MS`; the signs of any others are ignored. */
export const MAX_TYPISTS = 10_000;
/** Milliseconds at least between two times that the held polls of a room are answered only to say who is typing. */
export const TYPING_POLLED_EVERY_MS = 3_000;
/** Milliseconds of that for each poll held in the room: so a room causes 250 such answers a second at most. */
export const TYPING_POLLED_MS_PER_POLLER = 4;
/** Milliseconds for which one sign of typing counts: pages repeat it every 2 s. */
export const TYPING_LASTS_MS = 4_000;
/** Milliseconds that the last telling is kept for clients that are between two polls. */
export const TYPING_FRESH_MS = 3_000;
/** Rooms in which that is kept, some 500 bytes each. */
export const MAX_TYPING_ROOMS = 10_000;
/** Characters of the names in one answer: smaller proxies take headers of 4 kB in all. */
export const MAX_TYPING_HEADER_CHARS = 2_000;

// What an attacker may try

/** Frames of one WebSocket that are read in one turn of the event loop: some 0.5 ms, so that others get theirs. */
export const MAX_FRAMES_PER_TURN = 128;
/** TCP connections for each stream, WebSocket or held poll that is allowed: short requests need some of their own. */
export const SOCKETS_PER_CONNECTION = 2;
/** TCP connections beside those, for a server that allows few. */
export const SPARE_SOCKETS = 100;
/** Milliseconds between two times that idle connections are closed to make room: finding them takes a while. */
export const CLOSE_IDLE_EVERY_MS = 1_000;
/** Milliseconds between two log lines about overload; those between are counted. */
export const LOG_OVERLOAD_EVERY_MS = 10_000;
/** Seconds after which a client that was refused a connection may try again. */
export const RETRY_CONNECTING_S = 5;
/** Seconds of `Retry-After` for a 503 without a better guess: by then a full disk has been looked at again. */
export const RETRY_OVERLOADED_S = 1;
/** Seconds of `Retry-After` when the keys of a sign-in could not be fetched. */
export const RETRY_SIGN_IN_S = 5;
/** Seconds of `Retry-After` for too many searches of one address: nearly all take a few milliseconds. */
export const RETRY_SEARCH_S = 1;
/** Seconds of `Retry-After` for too many subscriptions or scheduled messages: they expire or come due by themselves. */
export const RETRY_HOARD_S = 60;
/** Frames of one WebSocket message: a real client sends one, large ones a few. */
export const MAX_FRAGMENTS = 1_000;
/** Rejected commands of one WebSocket in `REJECTED_WITHIN_MS` before it is closed. */
export const MAX_REJECTED = 100;
/** Milliseconds in which those are counted. */
export const REJECTED_WITHIN_MS = 10_000;
/** Commands of one WebSocket that wait for their answers; then its reading pauses. */
export const MAX_COMMANDS_UNDER_WAY = 1_000;
/** Bytes on one WebSocket that wait to be read as frames: more than the largest frame, or it would never be complete. */
export const MAX_UNREAD_BYTES = 2 * MAX_BODY_BYTES;
/** Rooms that one WebSocket follows at a time. */
export const MAX_ROOMS_PER_CONNECTION = 100;
/** Seconds that the clocks of those who give tokens may be apart from this one. */
export const CLOCK_TOLERANCE_S = 5;
/** Seconds that a browser keeps the cookie of an identity: it allows no more than 400 days. */
export const COOKIE_MAX_AGE_S = 400 * 24 * 60 * 60;
/** Seconds that a browser remembers what a page of elsewhere may send. */
export const PREFLIGHT_MAX_AGE_S = 600;
/** Milliseconds between looks at connections whose token may have expired. */
export const EXPIRY_TICK_MS = 1_000;
/** Milliseconds of the window in which writes are counted. */
export const RATE_WINDOW_MS = 10_000;
/** Identities that may write at their full rate from one address: a class or an office behind one router. */
export const IDENTITIES_PER_ADDRESS = 40;
/** Requests, or socket commands that write nothing, for each write that a client may make: by default one every 10 ms. */
export const REQUESTS_PER_WRITE = 20;
/** Clients that each rate limit counts at a time, some 150 bytes each. Beyond that, the oldest start again from zero. */
export const MAX_CLIENTS_COUNTED = 100_000;

// What is done beside, piece by piece

/** Scheduled messages released in one go; each takes some 50 µs, so others wait 5 ms at most. */
export const RELEASE_SLICE = 100;
/** Characters of JSON taken into the search index in one go, by its own thread: some 1,000 messages, in some 20 ms. */
export const SEARCH_INDEX_SLICE_CHARS = 400_000;
/** The same on the main thread, where everything is in memory: others wait some 5 ms. */
export const SEARCH_INDEX_SHORT_SLICE_CHARS = 16_000;
/** Slices that a search waits for at most, so that a new index, or one that is far behind, holds up nobody for long. */
export const MAX_SLICES_BEFORE_SEARCH = 100;
/** Milliseconds spent at shutdown to take deleted texts out of the search index; the rest is done at the next start. */
export const SEARCH_INDEX_AT_END_MS = 1_000;
/** Outdated texts that are overwritten in one go; each takes some 10 µs. */
export const BLANK_SLICE = 200;
/** Milliseconds that the search index may lag behind while nobody searches. */
export const SEARCH_INDEX_AFTER_MS = 1_000;
/** Milliseconds until something that failed on a full disk is tried again. */
export const RETRY_DISK_MS = 1_000;
/** Milliseconds after a deletion until the log beside the store is emptied of what it holds of the old text. */
export const FORGET_WITHIN_MS = 1_000;

// What is measured

/** Milliseconds between looks at how late timers are: a stop that someone would notice is never missed, at no cost. */
export const EVENT_LOOP_CHECK_MS = 50;

// Where several servers share a journal

/** Milliseconds until a broker that does not answer is asked again: more than it takes when it is busy. */
export const NATS_ANSWER_WITHIN_MS = 2_000;
/** Milliseconds until an entry is stored and has come back, or is given up: less than the server takes to end. */
export const NATS_APPEND_WITHIN_MS = 6_000;
/** Milliseconds between tries. */
export const NATS_RETRY_MS = 250;
/** Milliseconds that the start waits for the broker: all of it may be starting. */
export const NATS_START_WITHIN_MS = 30_000;
/** Milliseconds until a newly elected leader has surely taken in what it was sent; it takes a few. */
export const NATS_SETTLED_AFTER_MS = 1_000;
/** Milliseconds between pings to the broker; after two that fail the connection counts as lost. */
export const NATS_PING_EVERY_MS = 2_000;
/** Milliseconds between heartbeats of the stream; after two that are missing it is read anew. */
export const NATS_HEARTBEAT_MS = 500;
/** Milliseconds for which the stream itself recognises an entry sent twice; after that the conversation does. */
export const NATS_DUPLICATE_WINDOW_MS = 120_000;
/** Lookups of entries whose text was erased that are under way together, while a journal is read. */
export const NATS_LOOKUPS = 100;
/** Times that one entry is looked up: a newly elected leader may not have everything yet. */
export const NATS_LOOKUP_TRIES = 4;
/** Milliseconds until an erasure that a server does not finish is given to another. */
export const NATS_ERASURE_WITHIN_MS = 30_000;
/** Milliseconds until an erasure is repeated, for a text that was still on its way: longer than any append takes. */
export const NATS_ERASURE_AGAIN_MS = 60_000;
/** Milliseconds that a request waits when another server gave its cursor and this one is behind. */
export const CURSOR_WITHIN_MS = 2_000;
/** Milliseconds between two full announcements of a server's rooms to the others, in case they missed something. */
export const ELSEWHERE_SAID_EVERY_MS = 10_000;
/** Milliseconds after which people on a server that has gone silent are no longer counted. */
export const ELSEWHERE_LASTS_MS = 30_000;
/** Rooms in one such announcement: some 25 kB. */
export const ELSEWHERE_SLICE = 500;
