/**
 * Calls of the C library for netlink sockets, namespaces and capabilities, which Node.js lacks, through koffi's prebuilt binary.
 *
 * Loading takes about 15 ms and 4 MB, so it happens once, when a socket is first needed. The binary is loaded from an
 * absolute path beside the program and nowhere else.
 */

import { createRequire } from 'node:module';

import type * as Koffi from 'koffi';

import { OperationError, SystemError } from '../base/errors.ts';

const LINUX_CAPABILITY_VERSION_3 = 0x20080522;
/** Twice `struct __user_cap_data_struct`: the sets of effective, permitted and inheritable capabilities, 32 of each. */
const CAPABILITY_SETS = 6;
const EFFECTIVE_STRIDE = 3;

/** The part of koffi that is used. */
type Library = Pick<typeof Koffi, 'address' | 'encode' | 'errno' | 'load' | 'offsetof' | 'sizeof' | 'struct'>;

/** `struct iovec` and `struct mmsghdr` of the C library. */
interface Types {
  readonly vector: Koffi.TypeObject;
  readonly entry: Koffi.TypeObject;
}

/** A receive buffer: adjacent slots of one size, with the length of the datagram in each. */
export interface Slots {
  readonly memory: ArrayBuffer;
  readonly slotSize: number;
  /** The array of `struct mmsghdr` for the kernel. */
  readonly list: Buffer;
  /** Bytes received into each slot: the number at `index * lengthStride + lengthOffset`. */
  readonly lengths: Uint32Array;
  readonly lengthOffset: number;
  readonly lengthStride: number;
  /** The array of `struct iovec`, referenced so that its address stays valid. */
  readonly vectors: Buffer;
}

export class Foreign {
  readonly #library: Library;
  /** Created once: koffi never frees a type. */
  readonly #types: Types;
  readonly #socket: (domain: number, type: number, protocol: number) => number;
  readonly #bind: (descriptor: number, address: Uint8Array, length: number) => number;
  readonly #setsockopt: (descriptor: number, level: number, name: number, value: Uint8Array, length: number) => number;
  readonly #getsockopt: (
    descriptor: number,
    level: number,
    name: number,
    value: Int32Array,
    length: Uint32Array,
  ) => number;
  readonly #recvmmsg: (descriptor: number, list: Buffer, count: number, flags: number, timeout: null) => number;
  readonly #capget: (header: Uint32Array, sets: Uint32Array) => number;
  readonly #capset: (header: Uint32Array, sets: Uint32Array) => number;
  readonly #setns: (descriptor: number, type: number) => number;
  readonly #getxattr: (path: string, name: string, value: Uint8Array, size: number) => number;

  /**
   * @param path absolute path of koffi's directory for this platform.
   * @throws {OperationError} when it does not exist or cannot be loaded on this machine.
   */
  constructor(path: string) {
    try {
      this.#library = createRequire(path)(path);
      this.#types = typesOf(this.#library);
      const libc = this.#library.load(null);
      this.#socket = libc.func('int socket(int domain, int type, int protocol)');
      this.#bind = libc.func('int bind(int fd, void *address, uint32_t length)');
      this.#setsockopt = libc.func('int setsockopt(int fd, int level, int name, void *value, uint32_t length)');
      this.#getsockopt = libc.func(
        'int getsockopt(int fd, int level, int name, _Out_ void *value, _Inout_ void *length)',
      );
      this.#recvmmsg = libc.func('int recvmmsg(int fd, void *list, uint32_t count, int flags, void *timeout)');
      this.#capget = libc.func('int capget(void *header, _Out_ void *sets)');
      this.#capset = libc.func('int capset(void *header, void *sets)');
      this.#setns = libc.func('int setns(int fd, int type)');
      this.#getxattr = libc.func('long getxattr(const char *path, const char *name, _Out_ void *value, size_t size)');
    } catch (error) {
      // The reason is the first line; Node.js appends the require stack.
      const [reason] = error instanceof Error ? error.message.split('\n', 1) : [String(error)];
      throw new OperationError('load', path, new Error(reason, { cause: error }));
    }
  }

  /**
   * Raises a permitted capability of this thread to effective; a file's capabilities need not start as effective.
   * Source: capset(2) and linux/capability.h.
   *
   * @throws {SystemError} of code `EPERM` when it is not permitted.
   */
  useCapability(capability: number): void {
    this.#setEffective(capability, true);
  }

  /**
   * Runs `action` with a permitted capability of this thread effective, and lowers it again if it was not effective before.
   *
   * @throws {SystemError} of code `EPERM` when it is not permitted.
   */
  withCapability<T>(capability: number, action: () => T): T {
    const isRaised = this.#setEffective(capability, true);
    try {
      return action();
    } finally {
      if (isRaised) this.#setEffective(capability, false);
    }
  }

  /**
   * Moves this thread into a namespace.
   *
   * @param type the kind of namespace that the descriptor must be of, such as CLONE_NEWNET.
   * @throws {SystemError}
   */
  setns(descriptor: number, type: number): void {
    this.#check(this.#setns(descriptor, type));
  }

  /** Raises or lowers a permitted capability; returns whether that changed it. */
  #setEffective(capability: number, isEffective: boolean): boolean {
    const header = Uint32Array.of(LINUX_CAPABILITY_VERSION_3, 0);
    const sets = new Uint32Array(CAPABILITY_SETS);
    this.#check(this.#capget(header, sets));
    const effective = (capability >> 5) * EFFECTIVE_STRIDE;
    const bit = 1 << (capability & 31);
    const before = sets[effective] ?? 0;
    if (((before & bit) !== 0) === isEffective) return false;
    sets[effective] = before ^ bit;
    this.#check(this.#capset(header, sets));
    return true;
  }

  /**
   * An extended attribute of a file, of at most `size` bytes.
   *
   * @throws {SystemError} of code `ENODATA` when the file has none, `EOPNOTSUPP` when the file system has none.
   */
  attribute(path: string, name: string, size: number): Uint8Array {
    const value = new Uint8Array(size);
    return value.subarray(0, this.#check(this.#getxattr(path, name, value, size)));
  }

  /** @throws {SystemError} */
  socket(domain: number, type: number, protocol: number): number {
    return this.#check(this.#socket(domain, type, protocol));
  }

  /** @throws {SystemError} */
  bind(descriptor: number, address: Uint8Array): void {
    this.#check(this.#bind(descriptor, address, address.length));
  }

  /** @throws {SystemError} */
  setOption(descriptor: number, level: number, name: number, value: number): void {
    const bytes = new Uint8Array(Int32Array.of(value).buffer);
    this.#check(this.#setsockopt(descriptor, level, name, bytes, bytes.length));
  }

  /** @throws {SystemError} */
  getOption(descriptor: number, level: number, name: number): number {
    const value = new Int32Array(1);
    this.#check(this.#getsockopt(descriptor, level, name, value, Uint32Array.of(value.byteLength)));
    return value[0] ?? 0;
  }

  /**
   * Receives queued datagrams, at most `count`.
   *
   * @returns how many; a negative error number on failure.
   */
  receive(descriptor: number, slots: Slots, count: number, flags: number): number {
    const received = this.#recvmmsg(descriptor, slots.list, count, flags, null);
    return received >= 0 ? received : -this.#library.errno();
  }

  /** Lays out `count` slots of `slotSize` bytes with their `struct mmsghdr`, as this platform has it. */
  slots(count: number, slotSize: number, memory = receiveMemory(count * slotSize)): Slots {
    const { address, encode, offsetof, sizeof } = this.#library;
    const { entry, vector } = this.#types;
    if (memory.length < count * slotSize) {
      throw new RangeError(`${memory.length} bytes cannot hold ${count} slots of ${slotSize} bytes`);
    }
    const vectors = Buffer.allocUnsafeSlow(count * sizeof(vector));
    const list = Buffer.allocUnsafeSlow(count * sizeof(entry));
    for (let slot = 0; slot < count; slot++) {
      const base = address(memory) + BigInt(slot * slotSize);
      encode(vectors, slot * sizeof(vector), vector, { base, length: slotSize });
      const own = address(vectors) + BigInt(slot * sizeof(vector));
      const empty = { name: null, name_length: 0, control: null, control_length: 0, flags: 0 };
      encode(list, slot * sizeof(entry), entry, { header: { ...empty, vectors: own, vector_count: 1 }, length: 0 });
    }
    return {
      memory: memory.buffer,
      slotSize,
      list,
      lengths: new Uint32Array(list.buffer),
      lengthOffset: offsetof(entry, 'length') / 4,
      lengthStride: sizeof(entry) / 4,
      vectors,
    };
  }

  #check(result: number): number {
    if (result < 0) throw new SystemError(this.#library.errno());
    return result;
  }
}

/** Memory to receive into: outside the heap, where it keeps its address, unlike pooled or small buffers. */
export function receiveMemory(bytes: number): Buffer<ArrayBuffer> {
  return Buffer.allocUnsafeSlow(bytes);
}

function typesOf({ struct }: Library): Types {
  const vector = struct({ base: 'void *', length: 'size_t' });
  const header = struct({
    name: 'void *',
    name_length: 'uint32_t',
    vectors: 'void *',
    vector_count: 'size_t',
    control: 'void *',
    control_length: 'size_t',
    flags: 'int',
  });
  return { vector, entry: struct({ header, length: 'uint32_t' }) };
}
