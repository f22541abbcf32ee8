import { createWriteStream } from 'node:fs';
import { once } from 'node:events';

/** A small seeded generator (mulberry32): the same seed makes the same file everywhere. */
const randomFrom = (seed: number): (() => number) => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
};

const SURNAMES = [...'王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗'];
const GIVEN = [...'伟芳娜敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂英文华玉兰'];
const CITIES = ['北京', '上海', '广州', '深圳', '成都', '杭州', '武汉', '西安', '南京', '重庆'];
const TRADES = ['科技', '贸易', '餐饮', '物流', '教育', '装饰', '医疗', '机械'];
const AREA_CODES = ['010', '021', '0755', '0571', '028', '027'];

const fullWidth = (digits: string): string =>
  [...digits].map((d) => String.fromCharCode(d.charCodeAt(0) + 0xfee0)).join('');

/**
 * Writes a table as companies have them: Chinese headers, numbers in the shapes that people type, about 1.5 % that are no
 * numbers and 2 % doubles, cells with quotes and commas.
 */
export const generateFile = async (path: string, rows: number, seed: number): Promise<void> => {
  const random = randomFrom(seed);
  const below = (n: number): number => Math.floor(random() * n);
  const pick = <T>(items: readonly T[]): T => {
    const item = items[below(items.length)];
    if (item === undefined) throw new Error('Nothing to pick from.');
    return item;
  };
  const digits = (n: number): string => String(below(10 ** n)).padStart(n, '0');
  const heads = [
    '130',
    '131',
    '135',
    '136',
    '137',
    '138',
    '139',
    '150',
    '151',
    '158',
    '159',
    '180',
    '186',
    '188',
    '189',
    '199',
  ];
  const recent: string[] = [];
  const phone = (): string => {
    const kind = random();
    if (kind < 0.02 && recent.length > 0) return pick(recent);
    const mobile = pick(heads) + digits(8);
    if (recent.length < 5_000) recent.push(mobile);
    else recent[below(5_000)] = mobile;
    if (kind < 0.62) return mobile;
    if (kind < 0.7) return `+86 ${mobile.slice(0, 3)} ${mobile.slice(3, 7)} ${mobile.slice(7)}`;
    if (kind < 0.75) return `86${mobile}`;
    if (kind < 0.79) return `0${mobile}`;
    if (kind < 0.86) return `${mobile.slice(0, 3)}-${mobile.slice(3, 7)}-${mobile.slice(7)}`;
    if (kind < 0.89) return fullWidth(mobile);
    if (kind < 0.945) return `${pick(AREA_CODES)}-8${digits(7)}`;
    if (kind < 0.985) return `${mobile}/${pick(heads)}${digits(8)}`;
    return pick(['', '无', mobile.slice(0, 9), '1.38E+10', `12${digits(9)}`, `${mobile}${digits(4)}`]);
  };
  const out = createWriteStream(path);
  let text = '姓名,手机号,公司,城市,金额,备注\n';
  for (let i = 0; i < rows; i++) {
    const city = pick(CITIES);
    const plain = `${city}${pick(GIVEN)}${pick(GIVEN)}${pick(TRADES)}有限公司`;
    const company = random() < 0.1 ? `"${plain}, ""${pick(TRADES)}"" 部"` : plain;
    text += `${pick(SURNAMES)}${pick(GIVEN)}${random() < 0.6 ? pick(GIVEN) : ''},${phone()},${company},${city},${below(100_000)}.${digits(2)},${random() < 0.3 ? '老客户，请下午联系' : ''}\n`;
    if (text.length > 1 << 18) {
      if (!out.write(text)) await once(out, 'drain');
      text = '';
    }
  }
  out.end(text);
  await once(out, 'finish');
};
