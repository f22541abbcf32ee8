import { FileError } from './file-error.ts';

const BLOCK_BYTES = 1 << 20;

/**
 * The shared texts of a workbook, held as UTF-8 in a few large buffers: a million names take 20 MB where a million strings
 * take 60 and the collector's time. Read back by index.
 */
export class StringTable {
  readonly #maxBytes: number;
  readonly #blocks: Buffer[] = [];
  /** Bytes used in the last block. */
  #used = BLOCK_BYTES;
  #bytes = 0;
  #count = 0;
  /** Where each text stands: block * BLOCK_BYTES + offset (a text never crosses blocks unless it is longer than one). */
  #starts = new Float64Array(1024);
  #lengths = new Uint32Array(1024);

  /** @param maxBytes Texts beyond this are refused: the workbook is too large, or a bomb. */
  constructor(maxBytes = 128 << 20) {
    this.#maxBytes = maxBytes;
  }

  get size(): number {
    return this.#count;
  }

  /** Throws `FileError` `fileTooLarge` beyond the limit. */
  add(text: string): void {
    const length = Buffer.byteLength(text);
    this.#bytes += length + 12;
    if (this.#bytes > this.#maxBytes) throw new FileError('fileTooLarge');
    if (this.#used + length > BLOCK_BYTES) {
      this.#blocks.push(Buffer.allocUnsafeSlow(Math.max(BLOCK_BYTES, length)));
      this.#used = 0;
    }
    const block = this.#blocks[this.#blocks.length - 1];
    block?.write(text, this.#used);
    if (this.#count === this.#starts.length) this.#grow();
    this.#starts[this.#count] = (this.#blocks.length - 1) * BLOCK_BYTES + this.#used;
    this.#lengths[this.#count] = length;
    this.#used += length;
    // A block longer than the usual length is full: offsets beyond it would name the next block.
    if (length > BLOCK_BYTES) this.#used = BLOCK_BYTES;
    this.#count += 1;
  }

  /** The text of an index; undefined when there is none (a damaged workbook). */
  get(index: number): string | undefined {
    if (!Number.isInteger(index) || index < 0 || index >= this.#count) return undefined;
    const start = this.#starts[index] ?? 0;
    const offset = start % BLOCK_BYTES;
    return this.#blocks[Math.floor(start / BLOCK_BYTES)]?.toString(
      'utf8',
      offset,
      offset + (this.#lengths[index] ?? 0),
    );
  }

  #grow(): void {
    const starts = new Float64Array(this.#starts.length * 2);
    starts.set(this.#starts);
    this.#starts = starts;
    const lengths = new Uint32Array(this.#lengths.length * 2);
    lengths.set(this.#lengths);
    this.#lengths = lengths;
  }
}
