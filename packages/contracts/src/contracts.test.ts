import { globalRegistry, z } from 'zod';
import { describe, expect, it } from 'vitest';
import * as contracts from './index.ts';
import { buildPath, type RouteContract } from './route.ts';

const isRoute = (value: unknown): value is RouteContract =>
  typeof value === 'object' && value !== null && 'operationId' in value && 'path' in value;

const routes = Object.entries(contracts)
  .filter(([name]) => name.endsWith('Routes'))
  .flatMap(([, group]) => Object.values(group as Record<string, unknown>).filter(isRoute));

const schemas = Object.entries(contracts).flatMap(([name, value]) =>
  value instanceof z.ZodType ? [[name, value] as const] : [],
);

describe('every route', () => {
  it('has a name of its own, a summary that ends without a full stop, and an access', () => {
    expect(routes.length).toBeGreaterThan(50);
    expect(new Set(routes.map((route) => route.operationId)).size).toBe(routes.length);
    expect(new Set(routes.map((route) => `${route.method} ${route.path}`)).size).toBe(routes.length);
    for (const route of routes) expect(route.summary, route.operationId).toMatch(/[^.]$/);
  });

  it('declares the parameters of its path', () => {
    for (const route of routes) {
      const names = [...route.path.matchAll(/:([A-Za-z]+)/g)].map((match) => match[1] ?? '');
      const shape = route.params instanceof z.ZodObject ? Object.keys(route.params.shape) : [];
      expect(shape.sort(), route.operationId).toEqual(names.sort());
    }
  });

  it('answers JSON by a schema or says what it produces', () => {
    for (const route of routes)
      expect(route.response !== undefined || route.produces !== undefined, route.operationId).toBe(true);
  });
});

describe('every named schema', () => {
  it('has a description, and examples that it accepts', () => {
    const bare: string[] = [];
    for (const [name, schema] of schemas) {
      const meta = globalRegistry.get(schema);
      if (meta?.id === undefined) continue;
      if (!meta.description) bare.push(name);
      for (const example of (meta.examples as unknown[] | undefined) ?? [])
        expect(schema.safeParse(example), `${name}: ${JSON.stringify(example)}`).toMatchObject({ success: true });
    }
    expect(bare).toEqual([]);
  });

  it('marks numbers, names and notes of people as personal data', () => {
    const seen: string[] = [];
    const walk = (schema: unknown, path: string): void => {
      if (typeof schema !== 'object' || schema === null) return;
      const { properties } = schema as { properties?: Record<string, { pii?: boolean; $ref?: string }> };
      for (const [key, value] of Object.entries(properties ?? {})) {
        if (
          /^(?:number|leadName|note|dialString|digits)$/.test(key) &&
          value.pii !== true &&
          !/Number/.test(value.$ref ?? '')
        )
          seen.push(`${path}.${key}`);
        walk(value, `${path}.${key}`);
      }
    };
    for (const name of [
      'attempt',
      'attemptStory',
      'dial',
      'agentCall',
      'disposeBody',
      'dtmfBody',
      'testTrunkBody',
    ] as const)
      walk(z.toJSONSchema(contracts[name], { io: 'input' }), name);
    expect(seen).toEqual([]);
  });
});

describe('paths', () => {
  it('are filled with encoded values and never half', () => {
    expect(buildPath('/users/:userId', { userId: 'a/b' })).toBe('/users/a%2Fb');
    expect(() => buildPath('/users/:userId')).toThrow(/userId/);
  });
});
