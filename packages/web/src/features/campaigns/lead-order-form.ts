import { defaultLeadOrder, type LeadOrderPolicy } from '@qianhu/core';

export const ORDER_NAMES = ['fair', 'bestTime', 'other'] as const;
export type OrderName = (typeof ORDER_NAMES)[number];

/** Orders that the form offers: those that the hopper takes from its index, however long the list. */
export const ORDERS = {
  fair: defaultLeadOrder,
  bestTime: { ...defaultLeadOrder, then: 'bestTime' },
} as const satisfies Record<Exclude<OrderName, 'other'>, LeadOrderPolicy>;

/** The offered order that a policy is; `other` when it was set by other means. */
export const orderNameOf = (policy: LeadOrderPolicy): OrderName => {
  for (const name of ['fair', 'bestTime'] as const) {
    const order = ORDERS[name];
    if (
      policy.dueCallbacks === order.dueCallbacks &&
      policy.untried === order.untried &&
      policy.fewerAttemptsFirst === order.fewerAttemptsFirst &&
      policy.then === order.then
    )
      return name;
  }
  return 'other';
};
