import type { FileFault } from '@qianhu/contracts';

/** A whole file that cannot be imported: what is wrong and how to mend it. Nothing of the file is in the message. */
export class FileError extends Error {
  readonly fault: FileFault;
  constructor(fault: FileFault, message?: string) {
    super(message ?? FILE_FAULT_TEXTS[fault].en);
    this.name = 'FileError';
    this.fault = fault;
  }
}

/** Texts of faults, for the command line and for `message`; the pages translate the code themselves. */
export const FILE_FAULT_TEXTS: Readonly<Record<FileFault, { readonly zh: string; readonly en: string }>> = {
  emptyFile: { zh: '文件是空的。', en: 'The file is empty.' },
  binaryFile: {
    zh: '这不是表格文件。请上传 CSV 或 XLSX。',
    en: 'This is not a table. Upload a CSV or XLSX file.',
  },
  oldExcelFile: {
    zh: '这是旧版 Excel（.xls）或加密的文件。请在 Excel 中另存为 .xlsx（不设密码）。',
    en: 'This is an old Excel file (.xls) or one with a password. Save it as .xlsx without a password.',
  },
  notXlsx: {
    zh: '这个压缩文件不是 XLSX 工作簿。请先解压，再上传其中的表格。',
    en: 'This archive is not an XLSX workbook. Unpack it and upload the table inside.',
  },
  truncatedFile: {
    zh: '文件不完整（可能上传或下载中断）。请重新导出并上传。',
    en: 'The file is cut off (an upload or download was interrupted). Export and upload it again.',
  },
  corruptFile: {
    zh: '文件已损坏，无法读取。请在 Excel 中打开并另存一份再上传。',
    en: 'The file is damaged. Open it in a spreadsheet program, save a new copy and upload that.',
  },
  encryptedFile: { zh: '文件设了密码。请去掉密码后上传。', en: 'The file has a password. Remove it and upload again.' },
  fileTooLarge: {
    zh: '文件解压后过大。请拆分文件，或另存为 CSV。',
    en: 'The file is too large once unpacked. Split it, or save it as CSV.',
  },
  unknownEncoding: {
    zh: '无法识别文字编码。请另存为 UTF-8，或手动选择编码。',
    en: 'The text encoding was not recognised. Save the file as UTF-8, or choose the encoding by hand.',
  },
  noRows: { zh: '文件里没有数据行。', en: 'The file has no rows of data.' },
  noSuchSheet: { zh: '没有这个工作表。', en: 'There is no such sheet in the workbook.' },
  noPhoneColumn: {
    zh: '没有电话号码列。请指定哪一列是号码。',
    en: 'There is no column of phone numbers. Say which column holds them.',
  },
  columnsDoNotMatch: {
    zh: '指定的列多于文件中的列。请重新预览。',
    en: 'More columns were mapped than the file has. Preview the file again.',
  },
  tooManyColumns: { zh: '列数超过 500。', en: 'The file has more than 500 columns.' },
  rowTooLong: {
    zh: '有一行过长，文件可能不是表格或分隔符不对。',
    en: 'A row is far too long: the file may be no table, or the delimiter is another.',
  },
  interrupted: {
    zh: '导入被中断（服务重启）。已导入的保留；再次开始会只导入其余部分。',
    en: 'The import was interrupted (the server restarted). What was imported stays; start it again to import the rest.',
  },
  databaseLost: {
    zh: '导入中数据库连接中断。已导入的保留；再次开始会只导入其余部分。',
    en: 'The database was lost during the import. What was imported stays; start it again to import the rest.',
  },
  diskFull: {
    zh: '磁盘已满。腾出空间后再次开始，会只导入其余部分。',
    en: 'The disk is full. Make room and start again to import the rest.',
  },
  internal: {
    zh: '导入程序出错，已记入日志。已导入的保留；可再次开始。',
    en: 'The import failed by a fault of ours, which is in the log. What was imported stays; it can be started again.',
  },
};
