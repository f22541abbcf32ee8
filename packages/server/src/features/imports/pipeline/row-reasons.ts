import type { NoteReason, RejectReason } from '@qianhu/contracts';

/** What the report files say for each code, in both languages. */
export const ROW_REASON_TEXTS: Readonly<
  Record<RejectReason | NoteReason, { readonly zh: string; readonly en: string }>
> = {
  noPhone: { zh: '没有电话号码', en: 'no phone number' },
  notANumber: { zh: '不是电话号码', en: 'not a phone number' },
  tooShort: { zh: '号码位数太少', en: 'too few digits for a phone number' },
  tooLong: { zh: '号码位数太多', en: 'too many digits for a phone number' },
  invalidNumber: { zh: '该国家或地区没有这样的号码', en: 'no such number in its country' },
  scientificNotation: {
    zh: 'Excel 把号码变成了科学计数法（如 1.38E+10），后几位已丢失：请把该列设为“文本”格式后重新导出',
    en: 'Excel turned the number into 1.38E+10 and lost its last digits: format the column as text and export it again',
  },
  tooManyNumbers: { zh: '一行的号码太多', en: 'too many numbers in one row' },
  badPriority: { zh: '优先级应为 -100 到 100 的整数', en: 'priority must be a whole number from -100 to 100' },
  badCallbackTime: {
    zh: '回拨时间无法识别，请写成 2026-11-22 15:30',
    en: 'callback time not understood, write 2026-11-22 15:30',
  },
  badZone: { zh: '时区无法识别，请写成 Asia/Shanghai', en: 'time zone not known, write for example Asia/Shanghai' },
  extraCells: {
    zh: '单元格比表头多，可能有未加引号的分隔符',
    en: 'more cells than the header has: a delimiter may stand unquoted in a cell',
  },
  badQuotes: { zh: '引号用法有误：右引号之后还有文字', en: 'wrong quotes: text after a closing quote' },
  unclosedQuote: { zh: '引号没有闭合', en: 'a quote is never closed' },
  cellTooLong: { zh: '单元格超过 32767 个字符', en: 'a cell has more than 32,767 characters' },
  cellError: { zh: '号码单元格是公式错误（如 #N/A）', en: 'the phone cell is a formula error such as #N/A' },
  duplicateInFile: { zh: '与文件中前面的行号码相同', en: 'same number as an earlier row of the file' },
  duplicateInList: { zh: '号码已在本名单中', en: 'number is in this list already' },
  duplicateAcrossLists: { zh: '号码已在其他名单中', en: 'number is in another list' },
  someNumbersInvalid: { zh: '已导入，但部分号码无效', en: 'imported, but some of its numbers are invalid' },
  numbersDropped: { zh: '已导入，但多余的号码未保留', en: 'imported, but its further numbers were left out' },
  extensionKept: {
    zh: '已导入，分机号存入字段 extension',
    en: 'imported, its extension is kept in the field extension',
  },
  callbackInPast: { zh: '已导入，但回拨时间已过', en: 'imported, but the callback time is in the past' },
  onDncList: {
    zh: '已导入，但号码在禁拨名单中，不会拨打',
    en: 'imported, but the number is on the do-not-call list and will not be called',
  },
  badCharacters: { zh: '已导入，但有乱码字符', en: 'imported, but it holds unreadable characters' },
};
