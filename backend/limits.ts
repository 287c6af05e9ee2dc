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
/** UTF-16 code units of one emoji, so that no pattern is tried on a long text. The longest recommended ones have 15. */
export const MAX_REACTION_LENGTH = 64;
/** Characters, as in a header that is easily logged and compared. */
export const MAX_KEY_LENGTH = 64;
/** Bytes of a body or of a WebSocket message: 4,000 code points of 4 bytes, escaped, and room for the rest. */
export const MAX_BODY_BYTES = 65_536;
/** Milliseconds: a year, so that a mistyped century is told at once. */
export const MAX_SCHEDULE_AHEAD_MS = 366 * 24 * 60 * 60 * 1000;
/** Scheduled messages waiting for one identity: more than a person plans, less than a machine can hoard. */
export const MAX_SCHEDULED_PER_AUTHOR = 100;
/** Milliseconds until the clock on the wall is asked again whether a message is due: it may have been set. */
export const SCHEDULE_LOOK_EVERY_MS = 30_000;
/** Milliseconds until a release that failed is tried again. */
export const RETRY_RELEASE_MS = 1_000;

// What is asked for

/** Messages in one answer: what a page can draw at once, some 300 kB. */
export const MAX_PAGE = 1_000;
/** Characters of JSON after which an answer says `More`: what is not taken waits in memory, and nobody reads more at once. */
export const MAX_PAGE_CHARS = 1_500_000;
/** Messages given to one that comes without a cursor: a few screens. */
export const DEFAULT_PAGE = 100;
/** Seconds a long poll is held. Proxies commonly cut a silent request at 60 s. */
export const MAX_WAIT_S = 55;
/** Milliseconds until a request must have arrived whole; then it is answered 408 and cut. */
export const REQUEST_TIMEOUT_MS = 60_000;
/** Milliseconds until the headers must have arrived; holding back headers is the cheapest attack. */
export const HEADERS_TIMEOUT_MS = 20_000;
/** Milliseconds between looks for requests that take too long. */
export const TIMEOUT_CHECK_MS = 1_000;
/** Milliseconds an idle connection is kept for the next request; longer than the usual 60 s of a proxy in front. */
export const KEEP_ALIVE_MS = 65_000;
/** Milliseconds in which nothing goes either way, neither a request nor a piece of an answer, until a connection is cut. */
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

/** Different queries whose reading is remembered: those who have seen everything ask the same, the others seldom twice. */
export const REMEMBERED_QUERIES = 1_000;
/** Origins whose headers are remembered. */
export const REMEMBERED_ORIGINS = 100;
/** Characters of a question whose answer is remembered: what people's programs ask, and not the longest that fits. */
export const MAX_REMEMBERED_CHARS = 200;
/** Milliseconds until pages are joined again that could not be: whoever develops is not kept waiting for each of them. */
export const JOIN_AGAIN_AFTER_MS = 2_000;
/** QR codes that are remembered, of 7 kB each: a server has few addresses. */
export const MAX_QR_CODES = 20;
/** Characters of an address that is drawn as a QR code: more make a code too fine for a phone, and take long to draw. */
export const MAX_QR_CHARS = 100;
/** Addresses of the machine that the front door shows: beyond, nobody knows which to take. */
export const MAX_ADDRESSES_SHOWN = 3;

/** Changes kept in memory; more than clients miss in a minute at 150 messages/s. */
export const MAX_WINDOW_CHANGES = 10_000;
/** Characters of JSON kept in memory, so that a window of long messages is bounded too: at most some 64 MB. */
export const MAX_WINDOW_CHARS = 8_000_000;
/** Bytes of a journal that is looked through for damage before the start; a larger one is while the server is at work. */
export const MAX_JOURNAL_CHECKED_BYTES = 64 * 1024 * 1024;
/** Bytes of a store that is looked through for damage at the start: what a slow disk reads in a second or two. */
export const MAX_STORE_CHECKED_BYTES = 64 * 1024 * 1024;
/** Entries between two times that the store's log is brought into its file, by another thread: some 4 MB of log. */
export const CHECKPOINT_EVERY_ENTRIES = 250;
/** Pages of 4 KiB that the log may have until the store sees to it itself, while nothing else goes on. */
export const MAX_STORE_LOG_PAGES = 16_000;
/** Milliseconds that the store waits for another program that is busy with its file: everyone else waits as long. */
export const STORE_BUSY_MS = 100;
/** The same for the journal, on its own thread: there is no other program but of someone who looks into the file. */
export const JOURNAL_BUSY_MS = 2_000;
/** KiB of the store kept in memory by SQLite: keys of idempotency are all over their index. */
export const STORE_CACHE_KIB = 16 * 1024;
/** Entries handed on in one piece while a stored journal is read, so that reading it never holds up the rest. */
export const JOURNAL_SLICE = 500;

/** Seconds that a cursor is remembered for a client that does not ask: a laptop carried from one room to another. */
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
/** Bytes of such a go, after which no other piece is begun: what waits in a socket grows by two pieces at most. */
export const MAX_SLICE_BYTES = 128 * 1024;
/** Milliseconds of a turn for all who catch up: so much later is what others ask for. */
export const CATCH_UP_TURN_MS = 2;
/** Messages of a piece that is prepared once for all who come back. */
export const PIECE_CHANGES = 250;
/** Characters of a piece, whatever its messages' length; one message is the least. */
export const MAX_PIECE_CHARS = 128 * 1024;
/** Messages that a piece must have to be kept: fewer are made as quickly as found. */
export const MIN_PREPARED_CHANGES = 50;
/** Bytes of all pieces that are kept: 100,000 messages in one form take some 35 MB. */
export const MAX_PREPARED_BYTES = 64 * 1024 * 1024;
/** Milliseconds until a piece that nobody asked for is forgotten. */
export const FORGET_PREPARED_MS = 60_000;
/** Bytes that may wait in a socket before nothing more is queued for it: the cost of a reader that stopped. */
export const MAX_BACKLOG_BYTES = 256 * 1024;
/** Milliseconds after which a connection that does not take what waits for it is closed. */
export const MAX_STALL_MS = 60_000;
/** Milliseconds between looks for such connections. */
export const STALL_CHECK_MS = 5_000;
/** Milliseconds that changes are gathered at most, while more keep arriving turn by turn, before they are sent. */
export const MAX_GATHER_MS = 4;
/** Part of what the last flush took, a sixth, in which the first of a burst waits for the others: so much later it comes. */
export const HEAD_STARTS_PER_FLUSH = 6;
/** Milliseconds of that at most: the posts of a burst come within so much of each other. */
export const MAX_HEAD_START_MS = 3;
/** Milliseconds that changes wait for others that are being written to the disk: what a slow one takes for a commit. */
export const MAX_AWAIT_MORE_MS = 10;
/** Pauses after a flush, each as long as it took: so fan-out takes a fifth of a core that has more to do. */
export const PAUSES_PER_FLUSH = 4;
/** Milliseconds of the pause after a flush at most: what a person does not notice. */
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

/** Milliseconds between two slots of what is done for all connections by turns: pings, heartbeats, forgetting. */
export const ROUND_TICK_MS = 1_000;
/** Milliseconds between looks at held polls whose time is up. */
export const LONG_POLL_TICK_MS = 50;
/** Milliseconds that a socket stays after a close frame, so that the peer gets to read why. */
export const LINGER_MS = 2_000;

/** Milliseconds that comings and goings are gathered before a room is told. */
export const PRESENCE_GATHER_MS = 50;
/** Milliseconds between two tellings of how many are in a room. */
export const PRESENCE_EVERY_MS = 1_000;
/** Milliseconds more between them for each person there: what is told a million times in all is not told each second. */
export const PRESENCE_MS_PER_PERSON = 1;
/** Milliseconds that one who polls counts as present after asking. */
export const POLLER_STAYS_MS = 60_000;
/** Identities that are counted as polling, in all rooms together. */
export const MAX_POLLERS = 20_000;
/** Milliseconds that signs of writing are gathered before a room is told. */
export const TYPING_GATHER_MS = 100;
/** Milliseconds between two signs of writing of one connection, or over HTTP of one caller; those between are dropped. */
export const TYPING_EVERY_MS = 1_000;
/** People that a room is told to be writing, at one time. */
export const MAX_TYPING_TOLD = 20;
/** People whose last sign of writing is remembered for that long: beyond, in so much bustle, the others are not told of. */
export const MAX_TYPISTS = 10_000;
/** Milliseconds at least between two times that the held polls of a room are answered only to tell who is writing. */
export const TYPING_POLLED_EVERY_MS = 3_000;
/** Milliseconds of that for each poll that is held for it: so a room causes 250 such answers a second at most. */
export const TYPING_POLLED_MS_PER_POLLER = 4;
/** Milliseconds after which whoever has not told it again writes no more, and is not told of: pages tell it every 2 s. */
export const TYPING_LASTS_MS = 4_000;
/** Milliseconds that it is remembered who was told to be writing: for so long one may be between two polls. */
export const TYPING_FRESH_MS = 3_000;
/** Rooms for which it is remembered, or waited for; some 500 bytes each. */
export const MAX_TYPING_ROOMS = 10_000;
/** Characters of the names in one answer: smaller proxies take headers of 4 kB in all. */
export const MAX_TYPING_HEADER_CHARS = 2_000;

// What an attacker may try

/** Frames of one WebSocket that are read in one turn: some 0.5 ms, so that others are heard in between. */
export const MAX_FRAMES_PER_TURN = 128;
/** TCP connections for each stream, WebSocket or held poll that there may be: requests take one of their own. */
export const SOCKETS_PER_CONNECTION = 2;
/** TCP connections beside those. */
export const SPARE_SOCKETS = 100;
/** Milliseconds between two times that idle connections are closed for want of room: looking for them takes a while. */
export const CLOSE_IDLE_EVERY_MS = 1_000;
/** Milliseconds between two lines of the log that tell of overload; those between are counted. */
export const LOG_OVERLOAD_EVERY_MS = 10_000;
/** Seconds after which one that found no place may try again. */
export const RETRY_CONNECTING_S = 5;
/** Seconds after which whoever was told 503 may try again, where nothing else is known: by then a full disk is looked at. */
export const RETRY_OVERLOADED_S = 1;
/** Seconds after which tokens may be tried again whose keys could not be fetched. */
export const RETRY_SIGN_IN_S = 5;
/** Seconds after which one may search again who has too many searches under way. */
export const RETRY_SEARCH_S = 1;
/** Seconds after which one may try again who has too many things that go by themselves: subscriptions, scheduled messages. */
export const RETRY_HOARD_S = 60;
/** Frames of one WebSocket message: a real client sends one, large ones a few. */
export const MAX_FRAGMENTS = 1_000;
/** Rejected commands of one WebSocket in `REJECTED_WITHIN_MS` before it is closed. */
export const MAX_REJECTED = 100;
/** Milliseconds. */
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
/** Requests, and commands of a socket that write nothing, for each write that a client may make: a look every 10 ms. */
export const REQUESTS_PER_WRITE = 20;
/** Clients whose requests are counted at a time, in each count; some 150 bytes each. Beyond, the oldest begin anew. */
export const MAX_CLIENTS_COUNTED = 100_000;
/** Scheduled messages released in one go; each takes some 50 µs, so others wait 5 ms at most. */
export const RELEASE_SLICE = 100;
/** Characters of JSON taken into the search index in one go, by its own thread: some 1,000 messages, in some 20 ms. */
export const SEARCH_INDEX_SLICE_CHARS = 400_000;
/** The same where there is no such thread, as everything is in memory: others wait some 5 ms. */
export const SEARCH_INDEX_SHORT_SLICE_CHARS = 16_000;
/** Slices that a search waits for at most, so that a long absence, or a new index, holds up nobody for long. */
export const MAX_SLICES_BEFORE_SEARCH = 100;
/** Milliseconds that are spent at the end to take deleted texts out of the search index; what is left waits for the start. */
export const SEARCH_INDEX_AT_END_MS = 1_000;
/** Outdated texts that are blanked in one go; each takes some 10 µs. */
export const BLANK_SLICE = 200;
/** Milliseconds that the search index may be behind when nobody searches. */
export const SEARCH_INDEX_AFTER_MS = 1_000;
/** Milliseconds until something is tried again that failed for want of disk. */
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
/** Milliseconds until a node that has just been chosen to lead has surely taken in what it was sent; it takes a few. */
export const NATS_SETTLED_AFTER_MS = 1_000;
/** Milliseconds between looks whether the broker is still there; two that fail are the end of the connection. */
export const NATS_PING_EVERY_MS = 2_000;
/** Milliseconds between signs of life of the stream; after two that fail to come it is asked for again. */
export const NATS_HEARTBEAT_MS = 500;
/** Milliseconds for which the stream knows an entry that it is given twice; later ones are known by the conversation. */
export const NATS_DUPLICATE_WINDOW_MS = 120_000;
/** Lookups of entries whose text was erased that are under way together, while a journal is read. */
export const NATS_LOOKUPS = 100;
/** Times that one entry is looked up: a node that leads since a moment ago may not have all yet. */
export const NATS_LOOKUP_TRIES = 4;
/** Milliseconds until an erasure that a server does not finish is given to another. */
export const NATS_ERASURE_WITHIN_MS = 30_000;
/** Milliseconds until an erasure is done again, for a text that was on its way: longer than any append takes. */
export const NATS_ERASURE_AGAIN_MS = 60_000;
/** Milliseconds that a cursor of another server is waited for, when this one is behind. */
export const CURSOR_WITHIN_MS = 2_000;
/** Milliseconds between the times that a server tells the others of all its rooms, in case they missed something. */
export const ELSEWHERE_SAID_EVERY_MS = 10_000;
/** Milliseconds after which those on a server that says nothing are not counted any more. */
export const ELSEWHERE_LASTS_MS = 30_000;
/** Rooms told of in one piece: some 25 kB. */
export const ELSEWHERE_SLICE = 500;
