import { FileError } from './file-error.ts';

/** Receives the pieces of an XML text. `attributes` is the raw text between the tag's name and its end. */
export interface XmlSink {
  open(name: string, attributes: string, isEmpty: boolean): void;
  close(name: string): void;
  /** Character data, entities resolved; a long text may come in several pieces. */
  text(value: string): void;
}

/** A tag longer than this is no spreadsheet's. */
const MAX_TAG_CHARS = 1_000_000;

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** Resolves the five entities of XML and character references; anything else stays as it is written. */
export const unescapeXml = (text: string): string =>
  text.includes('&')
    ? text.replaceAll(/&(?:#x([0-9a-fA-F]{1,6})|#(\d{1,7})|(amp|lt|gt|quot|apos));/g, (whole, hex, dec, name) => {
        if (typeof name === 'string') return ENTITIES[name] ?? '';
        const code = typeof hex === 'string' ? parseInt(hex, 16) : Number(dec);
        // Half a surrogate pair is no character, and PostgreSQL refuses it.
        if (code >= 0xd800 && code <= 0xdfff) return '\ufffd';
        return code <= 0x10ffff ? String.fromCodePoint(code) : String(whole);
      })
    : text;

/** Value of an attribute in a tag's raw attribute text. */
export const attributeOf = (attributes: string, name: string): string | undefined => {
  for (let at = attributes.indexOf(name); at !== -1; at = attributes.indexOf(name, at + 1)) {
    const before = attributes.charCodeAt(at - 1);
    if (at > 0 && before !== 0x20 && before !== 0x0a && before !== 0x0d && before !== 0x09) continue;
    const match = /^\s*=\s*(?:"([^"]*)"|'([^']*)')/.exec(attributes.slice(at + name.length, at + name.length + 40_000));
    if (match) return unescapeXml(match[1] ?? match[2] ?? '');
  }
  return undefined;
};

/**
 * A streaming scanner for the XML of a spreadsheet: tags, text, CDATA; comments and processing instructions are skipped, a
 * document type (entity bombs, outside files) is refused. It does not check that tags nest: a spreadsheet program has.
 * Names come without their prefix (`x:row` is `row`). Own code because a sheet is hundreds of megabytes of the same five
 * tags, and cutting by `indexOf` is several times faster than a general SAX parser.
 */
export class XmlScanner {
  readonly #sink: XmlSink;
  #rest = '';

  constructor(sink: XmlSink) {
    this.#sink = sink;
  }

  /** Throws `FileError` `corruptFile` for what is no XML of a spreadsheet. */
  push(chunk: string): void {
    const text = this.#rest === '' ? chunk : this.#rest + chunk;
    let pos = 0;
    for (;;) {
      const open = text.indexOf('<', pos);
      if (open === -1) {
        // An entity may be cut in two: keep from its ampersand on.
        const amp = text.lastIndexOf('&');
        const cut = amp >= pos && text.length - amp < 12 ? amp : text.length;
        if (cut > pos) this.#sink.text(unescapeXml(text.slice(pos, cut)));
        pos = cut;
        break;
      }
      if (open > pos) this.#sink.text(unescapeXml(text.slice(pos, open)));
      pos = open;
      const next = this.#readMarkup(text, open);
      if (next === undefined) break;
      pos = next;
    }
    this.#rest = text.slice(pos);
    if (this.#rest.length > MAX_TAG_CHARS) throw new FileError('corruptFile');
  }

  /** The text has ended. Throws `FileError` `corruptFile` when it ended inside a tag. */
  end(): void {
    if (this.#rest.trim() !== '') throw new FileError('corruptFile');
  }

  #readMarkup(text: string, open: number): number | undefined {
    const second = text[open + 1];
    if (second === undefined) return undefined;
    if (second === '?') return after(text, '?>', open + 2);
    if (second === '!') return this.#readDeclaration(text, open);
    const close = text.indexOf('>', open + 1);
    if (close === -1) return undefined;
    if (second === '/') {
      this.#sink.close(localName(text.slice(open + 2, close).trimEnd()));
      return close + 1;
    }
    const isEmpty = text[close - 1] === '/';
    const body = text.slice(open + 1, isEmpty ? close - 1 : close);
    const blank = body.search(/\s/);
    const name = localName(blank === -1 ? body : body.slice(0, blank));
    this.#sink.open(name, blank === -1 ? '' : body.slice(blank + 1), isEmpty);
    return close + 1;
  }

  #readDeclaration(text: string, open: number): number | undefined {
    if (text.startsWith('<!--', open)) return after(text, '-->', open + 4);
    if (text.startsWith('<![CDATA[', open)) {
      const end = text.indexOf(']]>', open + 9);
      if (end === -1) return undefined;
      this.#sink.text(text.slice(open + 9, end));
      return end + 3;
    }
    if (text.length - open < 9) return undefined;
    throw new FileError('corruptFile');
  }
}

const after = (text: string, mark: string, from: number): number | undefined => {
  const at = text.indexOf(mark, from);
  return at === -1 ? undefined : at + mark.length;
};

const localName = (name: string): string => {
  const colon = name.indexOf(':');
  return colon === -1 ? name : name.slice(colon + 1);
};
