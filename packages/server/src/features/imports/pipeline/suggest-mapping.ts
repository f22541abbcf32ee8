import type { ColumnTarget } from '@qianhu/contracts';
import type { PhoneParser } from '../../../numbers/phone-parser.ts';
import { parsePhoneCells } from './phone-cell.ts';

/** A column as the first rows show it. */
export type ColumnSample = { readonly name: string; readonly cells: readonly string[] };
export type ColumnSuggestion = { readonly suggested: ColumnTarget; readonly phoneShare: number };

/** Columns of our own report files: a mended report is imported again without them. */
export const REPORT_COLUMNS = ['qianhu_row', 'qianhu_code', 'qianhu_原因', 'qianhu_reason'] as const;

const simplify = (header: string): string =>
  header
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/[\s_\-./()[\]:*#'"]/g, '');

/** Headers that name a number of something else. */
const NOT_PHONE =
  /身份证|证件|银行|卡号|账号|帐号|订单|合同|车牌|发票|税|编号|工号|qq|传真|fax|idcard|account|order|invoice|微信|wechat|邮/;
const PHONE =
  /手机|电话|號碼|号码|联系方式|聯絡|手機|電話|座机|联络方式|来电|被叫|^phone|phone$|phonenumber|phoneno|mobile|^tel|telephone|cellphone|^cell$|msisdn|contactnumber|^number$|whatsapp|callee|landline/;
const NAME =
  /^(?:姓名|名字|名称|姓氏|客户|客户名|客户名称|客户姓名|客户名字|联系人|联系人姓名|称呼|用户名|用户姓名|会员姓名|收件人|收货人|机主|机主姓名|業主|业主|业主姓名|家长姓名|学生姓名|患者姓名|name|fullname|customername|customer|contactname|contact|contactperson|clientname|client|leadname|displayname|firstname)$/;
const PRIORITY = /^(?:优先级|优先|优先度|priority|prio|权重|等级权重)$/;
const CALLBACK =
  /^(?:回拨时间|回访时间|预约时间|预约回拨|预约回访时间|回电时间|再联系时间|callback|callbackat|callbacktime|callbackdate|nextcall|nextcallat|scheduledat)$/;
const ZONE = /^(?:时区|時區|timezone|tz|zone)$/;

const isReportColumn = (name: string): boolean => name.trim().toLowerCase().startsWith('qianhu_');

const headerKind = (name: string): 'phone' | 'name' | 'priority' | 'callbackAt' | 'zone' | undefined => {
  const header = simplify(name);
  if (NAME.test(header)) return 'name';
  if (PRIORITY.test(header)) return 'priority';
  if (CALLBACK.test(header)) return 'callbackAt';
  if (ZONE.test(header)) return 'zone';
  if (PHONE.test(header) && !NOT_PHONE.test(header)) return 'phone';
  return undefined;
};

/** Share of a column's filled cells that hold a valid number (or one that Excel has spoilt: the column is still one of phones). */
export const phoneShareOf = (cells: readonly string[], parser: PhoneParser): number => {
  const filled = cells.filter((cell) => cell.trim() !== '');
  if (filled.length === 0) return 0;
  const valid = filled.filter((cell) => {
    const result = parsePhoneCells([cell], parser, { maxNumbers: 100, tooMany: 'keepFirst' });
    return result.ok || result.reason === 'scientificNotation';
  });
  return valid.length / filled.length;
};

/** The key under which a column of one's own is kept: its header, told apart where two columns have the same. */
const fieldKeys = (columns: readonly ColumnSample[]): readonly string[] => {
  const seen = new Map<string, number>();
  return columns.map(({ name }) => {
    const base = name.replaceAll('\0', '').trim().slice(0, 56) || '?';
    const count = (seen.get(base) ?? 0) + 1;
    seen.set(base, count);
    return count === 1 ? base : `${base} (${count})`;
  });
};

/**
 * What each column is likely to be: by its header in Chinese or English, and where no header speaks of phones, by what the
 * cells hold. Everything else with data is a field of one's own; columns without header and data are left out.
 */
export const suggestMapping = (
  columns: readonly ColumnSample[],
  hasHeader: boolean,
  parser: PhoneParser,
): readonly ColumnSuggestion[] => {
  const kinds = columns.map(({ name }) => (hasHeader ? headerKind(name) : undefined));
  const shares = columns.map(({ cells }) => phoneShareOf(cells, parser));
  const hasPhoneHeader = kinds.some(
    (kind, i) => kind === 'phone' && ((shares[i] ?? 0) > 0 || columns[i]?.cells.length === 0),
  );
  const keys = fieldKeys(columns);
  const taken = new Set<string>();
  return columns.map(({ name, cells }, i): ColumnSuggestion => {
    const phoneShare = shares[i] ?? 0;
    const kind = kinds[i];
    const isPhone = kind === 'phone' || (!hasPhoneHeader && kind === undefined && phoneShare >= 0.6);
    if (isReportColumn(name)) return { suggested: { to: 'ignore' }, phoneShare };
    if (isPhone) return { suggested: { to: 'phone' }, phoneShare };
    if (kind !== undefined && !taken.has(kind)) {
      taken.add(kind);
      return { suggested: { to: kind }, phoneShare };
    }
    const isEmpty = cells.every((cell) => cell.trim() === '');
    if (isEmpty && (!hasHeader || name.trim() === '')) return { suggested: { to: 'ignore' }, phoneShare };
    return { suggested: { to: 'field', key: keys[i] ?? '?' }, phoneShare };
  });
};

/** Whether the first row holds names of columns: it has no number that could be called, and has a known name or only words. */
export const guessHeader = (rows: readonly (readonly string[])[], parser: PhoneParser): boolean => {
  const first = rows[0];
  if (first === undefined) return false;
  if (phoneShareOf(first, parser) > 0) return false;
  if (first.some((cell) => headerKind(cell) !== undefined)) return true;
  return first.some((cell) => cell.trim() !== '') && first.every((cell) => !/\d{3}/.test(cell));
};

/** Name of a column without a header, as spreadsheets have it: 0 → A, 26 → AA. */
export const columnLetter = (index: number): string =>
  index < 26 ? String.fromCharCode(65 + index) : columnLetter(Math.floor(index / 26) - 1) + columnLetter(index % 26);
