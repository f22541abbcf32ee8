import type { DemoLead } from './demo-store.ts';

const FAMILY = ['王', '李', '张', '刘', '陈', '杨', '赵', '黄', '周', '吴', '徐', '孙', '马', '朱', '胡', '郭'];
const GIVEN = [
  '伟',
  '芳',
  '娜',
  '敏',
  '静',
  '强',
  '磊',
  '军',
  '洋',
  '勇',
  '艳',
  '杰',
  '娟',
  '涛',
  '明',
  '超',
  '霞',
  '平',
];
const CITIES = ['北京', '上海', '广州', '深圳', '成都', '杭州', '武汉', '西安'];
const PLANS = ['基础版', '标准版', '专业版'];

const pick = <T>(items: readonly T[], n: number): T => {
  const item = items[n % items.length];
  if (item === undefined) throw new Error('nothing to pick from');
  return item;
};

/**
 * Made-up people for the lab. Numbers begin with +86 100, a block in which China's numbering plan has no subscribers
 * (mobiles begin with 13 to 19): even outside the lab they would ring nobody.
 */
export const demoLeads = (count: number): readonly DemoLead[] =>
  Array.from({ length: count }, (_, i) => ({
    number: `+86100${String(10_000_000 + i * 7919).slice(0, 8)}`,
    name: pick(FAMILY, i * 7) + pick(GIVEN, i * 5 + 3) + (i % 3 === 0 ? pick(GIVEN, i * 11 + 1) : ''),
    fields: { city: pick(CITIES, i * 3), plan: pick(PLANS, i) },
  }));
