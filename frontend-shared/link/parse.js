/**
 * What the server answers, read once where it comes in: something between here and it may have said something else. Only
 * what the page would break by is looked at. What is not understood is an error there and then.
 */
import { isMessage } from './is-message.js';
/** @import { FieldProblem, Message, ScheduledMessage } from '../../protocol/envelope.ts' */

/** @typedef {{ room: string, messages: number, seq: number, online: number }} RoomSummary */
/**
 * @typedef {object} FrontDoor What the server tells of itself.
 * @property {boolean} isOpen whether anyone may read
 * @property {boolean} [isShared] whether others can reach it; told on its own machine only
 * @property {string[]} [addresses] of its machine; told there only
 */

/** What came is not of the server: a gateway between here and there speaks, or another version of it. */
export class NotUnderstood extends Error {
  constructor() {
    super('Something else answered in the place of the server');
  }
}

/** @type {(body: unknown) => Message} */
export const parseMessage = (body) => expectThat(body, isMessage);

/** @type {(body: unknown) => Message[]} one that is not understood does not keep the others from being read */
export const parseMessages = (body) => expectThat(body, Array.isArray).filter(isMessage);

/** @type {(body: unknown) => RoomSummary[]} */
export const parseRooms = (body) => expectThat(body, isListOf(isRoomSummary));

/** @type {(body: unknown) => ScheduledMessage[]} */
export const parseScheduled = (body) => expectThat(body, isListOf(isScheduled));

/** @type {(body: unknown) => FrontDoor} */
export const parseFrontDoor = (body) => expectThat(body, isFrontDoor);

/** @type {(value: unknown) => value is FieldProblem[]} */
export const isFieldProblems = (value) => isListOf(isFieldProblem)(value);

/**
 * @template T
 * @param {unknown} value
 * @param {(value: unknown) => value is T} isSo
 * @returns {T}
 * @throws {NotUnderstood}
 */
function expectThat(value, isSo) {
  if (!isSo(value)) throw new NotUnderstood();
  return value;
}

/** @type {<T>(isOne: (value: unknown) => value is T) => (value: unknown) => value is T[]} */
const isListOf = (isOne) => (value) => Array.isArray(value) && value.every(isOne);

/** @type {(value: unknown) => value is RoomSummary} */
function isRoomSummary(value) {
  const { room, seq, online } = toRecord(value);
  return isText(room) && Number.isSafeInteger(seq) && Number.isSafeInteger(online);
}

/** @type {(value: unknown) => value is ScheduledMessage} */
function isScheduled(value) {
  const { scheduled, sendAt, room, user, message } = toRecord(value);
  return [scheduled, room, user, message].every(isText) && isText(sendAt) && !Number.isNaN(Date.parse(sendAt));
}

/** @type {(value: unknown) => value is FrontDoor} */
function isFrontDoor(value) {
  const { isOpen, isShared = false, addresses = [] } = toRecord(value);
  return typeof isOpen === 'boolean' && typeof isShared === 'boolean' && isListOf(isText)(addresses);
}

/** @type {(value: unknown) => value is FieldProblem} */
function isFieldProblem(value) {
  const { field, detail } = toRecord(value);
  return isText(field) && isText(detail);
}

/** @type {(value: unknown) => value is string} */
const isText = (value) => typeof value === 'string';

/** @type {(value: unknown) => Record<string, unknown>} empty for what has no fields */
export const toRecord = (value) => /** @type {Record<string, unknown>} */ (Object(value));
