/**
 * One request to the kernel and the messages of its reply, as they arrive: a table of a million entries comes in
 * thousands of datagrams, and the caller can do other work in between.
 */

import { errorCode, FormatError, OperationError, SystemError } from '../base/errors.ts';
import type { Channel } from './channel.ts';
import { MessageReader, NLM_F_DUMP_INTR, NLMSG_DONE, NLMSG_ERROR, NLMSG_NOOP, NLMSG_OVERRUN } from './message.ts';
import { isDump, QUESTIONS, type Question, request } from './request.ts';

/** The state of a reply. */
export type Progress =
  /** Incomplete. */
  | 'more'
  /** Complete. */
  | 'complete'
  /** Complete, but the data changed in the meantime: something may be missing or duplicated. */
  | 'interrupted';

/** Reads the payload of one message of the reply. */
export type Visitor = (message: MessageReader) => void;

export class Exchange {
  readonly #channel: Channel;
  readonly #reader: MessageReader;
  #question: Question = 'statistics';
  #sequence = 0;
  #isInterrupted = false;

  constructor(channel: Channel) {
    this.#channel = channel;
    this.#reader = new MessageReader(channel.memory);
  }

  /**
   * Sends a request. Its reply must be taken to the end before the next request: until then the kernel is busy with it.
   * After an error the channel cannot be used again.
   *
   * @throws {OperationError}
   */
  ask(question: Question): void {
    this.#question = question;
    this.#sequence = (this.#sequence + 1) >>> 0;
    this.#isInterrupted = false;
    this.#channel.send(request(question, this.#sequence));
  }

  /**
   * Reads the datagrams that have arrived and passes on their messages.
   *
   * @throws {OperationError} with the kernel's code when it refuses or aborts.
   * @throws {FormatError} when a message is truncated; the exchange cannot be used again.
   */
  take(visit: Visitor): Progress {
    const datagrams = this.#receive();
    for (let index = 0; index < datagrams; index++) {
      this.#reader.open(this.#channel.start(index), this.#channel.end(index));
      while (this.#reader.next()) {
        if (this.#reader.sequence === this.#sequence && this.#isLast(visit)) {
          return this.#isInterrupted ? 'interrupted' : 'complete';
        }
      }
    }
    // The kernel has each part ready when it is asked for.
    if (datagrams === 0) throw this.#failure(new Error('the reply is incomplete'));
    return 'more';
  }

  /** The whole reply at once, if it is small. */
  answer(question: Question, visit: Visitor): Progress {
    const steps = this.steps(question, visit);
    let step = steps.next();
    while (step.done !== true) step = steps.next();
    return step.value;
  }

  /**
   * As {@link answer}, for a reply that must be consistent.
   *
   * @throws {FormatError} also when something may be missing or duplicated.
   */
  answerWhole(question: Question, visit: Visitor): void {
    if (this.answer(question, visit) === 'interrupted')
      throw new FormatError(`${QUESTIONS[question].about} changed while being read`);
  }

  /** The whole reply, yielding while it is incomplete; throws like {@link take}. */
  *steps(question: Question, visit: Visitor): Generator<void, Progress, void> {
    this.ask(question);
    for (;;) {
      const progress = this.take(visit);
      if (progress !== 'more') return progress;
      yield;
    }
  }

  #receive(): number {
    try {
      return this.#channel.receive();
    } catch (error) {
      if (errorCode(error) !== 'ENOBUFS') throw error;
      this.#isInterrupted = true;
      return this.#channel.receive();
    }
  }

  /** Passes on the current message, or handles it if it is about the reply itself. */
  #isLast(visit: Visitor): boolean {
    const reader = this.#reader;
    if ((reader.flags & NLM_F_DUMP_INTR) !== 0) this.#isInterrupted = true;
    switch (reader.type) {
      case NLMSG_NOOP:
        return false;
      case NLMSG_OVERRUN:
        this.#isInterrupted = true;
        return false;
      case NLMSG_ERROR:
        this.#check(true);
        return true;
      case NLMSG_DONE:
        this.#check(false);
        return true;
      default:
        visit(reader);
        // The kernel sets the multipart flag even on a single message, so the request decides.
        return !isDump(this.#question);
    }
  }

  /** Both kinds of end start with 0 or a negative error number, which old kernels omit on success. */
  #check(isRequired: boolean): void {
    const { start, end } = this.#reader;
    if (end - start < 4) {
      if (isRequired) throw new FormatError('an error message without an error number');
      return;
    }
    const status = (this.#channel.memory.u32[start >> 2] ?? 0) | 0;
    if (status < 0) throw this.#failure(new SystemError(-status));
  }

  #failure(cause: Error): OperationError {
    const { about, to } = QUESTIONS[this.#question];
    return new OperationError('ask', `${to} for ${about}`, cause);
  }
}
