import { describe, expect, it } from 'vitest';
import { readConfig } from './config.ts';

describe('the environment', () => {
  it('needs nothing', () => {
    expect(readConfig({})).toMatchObject({ port: 8080, host: '127.0.0.1', databaseUrl: undefined, network: undefined });
  });

  it('counts a variable that is set to nothing as not set', () => {
    expect(readConfig({ PORT: '', DATABASE_URL: '' })).toEqual(readConfig({}));
  });

  it('reports all faults together and prints no secret', () => {
    const read = () =>
      readConfig({ PORT: '0', DATABASE_URL: 'mysql://u:hush@h/d', ASTERISK_URL: 'ftp://u:hush@h', HOST: '0.0.0.0' });
    expect(read).toThrow(/PORT/);
    expect(read).toThrow(/DATABASE_URL/);
    expect(read).toThrow(/ASTERISK_URL/);
    expect(read).not.toThrow(/hush/);
  });

  it('takes an Asterisk of somebody else apart', () => {
    expect(readConfig({ ASTERISK_URL: 'http://ari:p%40ss@10.0.0.5:8088' }).asterisk).toEqual({
      ariUrl: 'http://10.0.0.5:8088/ari',
      username: 'ari',
      password: 'p@ss',
    });
  });

  it('serves other machines only with an address that they reach', () => {
    expect(() => readConfig({ HOST: '0.0.0.0' })).toThrow(/QIANHU_PUBLIC_ADDRESS/);
    expect(() => readConfig({ QIANHU_PUBLIC_ADDRESS: '192.0.2.1' })).toThrow(/HOST/);
    const network = readConfig({ HOST: '0.0.0.0', QIANHU_PUBLIC_ADDRESS: '192.0.2.1' }).network;
    expect(network).toMatchObject({ publicAddress: '192.0.2.1', sipPort: 5060 });
  });
});
