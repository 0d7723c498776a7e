/**
 * One question to the kernel and the messages of its answer, taken as they come: a table of a million entries is
 * answered in thousands of datagrams, and whoever asked may do other things in between.
 */

import { errorCode, FormatError, OperationError, SystemError } from '../base/errors.ts';
import type { Channel } from './channel.ts';
import { MessageReader, NLM_F_DUMP_INTR, NLMSG_DONE, NLMSG_ERROR, NLMSG_NOOP, NLMSG_OVERRUN } from './message.ts';
import { isDump, QUESTIONS, type Question, request } from './request.ts';

/** How an answer stands. */
export type Progress =
  /** There is more to come. */
  | 'more'
  /** All was received. */
  | 'complete'
  /** All was received, but what was asked for changed meanwhile: something may be missing or double. */
  | 'interrupted';

/** Takes a message of the answer, from where its payload begins to where it ends. */
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
   * Asks. The answer must be taken to its end before anything else is asked over the channel: until then the kernel is
   * busy with it. After an error the channel is of no use any more.
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
   * Takes the datagrams that are there and passes their messages on.
   *
   * @throws {OperationError} with the kernel's code when it refuses or breaks off.
   * @throws {FormatError} when a message is not whole; the exchange is then of no use any more.
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
    // The kernel answers at once, when it is asked and while the answer is being taken: silence is no answer.
    if (datagrams === 0) throw this.#failure(new Error('the answer broke off'));
    return 'more';
  }

  /** The whole answer at once, for a small one. */
  answer(question: Question, visit: Visitor): Progress {
    const steps = this.steps(question, visit);
    let step = steps.next();
    while (step.done !== true) step = steps.next();
    return step.value;
  }

  /**
   * As {@link answer}, for an answer that is useless in part.
   *
   * @throws {FormatError} also when something may be missing or duplicated.
   */
  answerWhole(question: Question, visit: Visitor): void {
    if (this.answer(question, visit) === 'interrupted')
      throw new FormatError(`${QUESTIONS[question].about} changed while being read`);
  }

  /** The whole answer with a pause wherever there is more to come, for a large one; throws as {@link take} does. */
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

  /** Passes the current message on, or acts on it if it speaks of the answer itself. */
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
        // The kernel marks even a lone message as one of many, so what was asked for tells.
        return !isDump(this.#question);
    }
  }

  /** Both kinds of an end begin with a number: 0 or a negative error number. Old kernels leave it out where all is well. */
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
