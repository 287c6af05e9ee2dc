/** Every bound of what is read, in one place: what is drawn, what is kept, and how much is asked for at once. */

/**
 * Messages in the document: some twenty screens. Each costs memory, a place in the Tab order, and, whenever one comes or
 * goes, some time for its place and its paint: with a thousand a frame took twice as long. `npm run frames` measures it.
 */
export const MAX_SHOWN = 600;
/** Messages more than that before some are let go: many at once, as all that is left moves with it. */
export const SHOWN_SLACK = 100;
/**
 * Milliseconds from one drawing to the next. The first message is there with the next frame; of many in a second some are
 * drawn at once, as each drawing costs the layout and the paint of all that is shown: 50 in a second took a quarter of the
 * processor in place of two thirds.
 */
export const DRAW_EVERY_MS = 100;
/** Milliseconds within which is drawn where there are no frames: in a hidden tab. */
export const HIDDEN_DRAW_MS = 250;
/** Milliseconds to wait for what the browser has kept of a room: mostly ten. Longer would show one room under another's name. */
export const HELD_MS = 150;
/** Newest messages that are kept while older ones are read: they are drawn at once when one jumps back to the end. */
export const KEPT_NEWEST = 100;
/** Messages kept aside, of which one is not shown: what is quoted, and old ones that changed. */
export const MAX_ASIDE = 1_000;

/** Messages in one answer: some screens of them, drawn within one frame. */
export const PAGE = 100;
/** Ids are shared by all rooms: how many of them to ask about at once where a page of them holds few of this room. */
export const MAX_STEP = 1_000;
/** Ids to a message that is sought, within which everything in between is loaded: farther back one starts anew there. */
export const NEAR = 500;
/** Windows full of messages that are ready above and below before one gets there. */
export const AHEAD_WINDOWS = 2;
/** Milliseconds after a failure: scrolling asks many times a second. */
export const RETRY_AFTER_MS = 2_000;

/** Lines, as estimated, beyond which a message is folded; and how many characters a line may have. */
export const FOLD_LINES = 40;
export const LINE_LETTERS = 80;
/** Milliseconds within which messages of one person stand together under one name. */
export const TOGETHER_MS = 5 * 60 * 1000;
/** Milliseconds between two looks at times that are told from now on, such as "3 min ago". */
export const TIMES_EVERY_MS = 20_000;
/** Milliseconds between two times that it is kept how far one has read. */
export const MARK_EVERY_MS = 1_000;
/** Milliseconds after which what is put in above no longer counts as put in just now, for those who listen. */
export const QUIET_MS = 300;
