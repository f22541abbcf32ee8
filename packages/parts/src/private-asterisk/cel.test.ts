import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCelLine, splitQuotedLine } from './cel.ts';

describe('the channel event log', () => {
  it('gives cause and source of a hang-up', () => {
    const line =
      '"HANGUP","1795362161.247474","dial-2","call-1","PJSIP/carrier-00000001","","{""hangupcause"":17,""hangupsource"":""PJSIP/carrier-00000001"",""dialstatus"":""""}"';
    expect(parseCelLine(line)).toEqual({
      kind: 'HANGUP',
      atMs: 1795362161247,
      channelId: 'dial-2',
      linkedId: 'call-1',
      channelName: 'PJSIP/carrier-00000001',
      hangupCause: 17,
      hangupSource: 'PJSIP/carrier-00000001',
    });
  });

  it('gives the bridge that a channel entered', () => {
    const line =
      '"BRIDGE_ENTER","1.5","c","c","PJSIP/x-1","PJSIP/y-2","{""bridge_id"":""b-1"",""bridge_technology"":""simple_bridge""}"';
    expect(parseCelLine(line)).toMatchObject({ kind: 'BRIDGE_ENTER', atMs: 1500, bridgeId: 'b-1' });
  });

  it('passes over half a line, an unknown event and broken details', () => {
    expect(parseCelLine('"HANGUP","1795362161.24')).toBeUndefined();
    expect(parseCelLine('"APP_START","1","c","c","n","",""')).toBeUndefined();
    expect(parseCelLine('"HANGUP","1","c","c","n","","{nonsense"')).toMatchObject({ kind: 'HANGUP' });
    expect(parseCelLine('')).toBeUndefined();
  });

  it('splits any quoted values as they were joined', () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { minLength: 1 }), (values) => {
        expect(splitQuotedLine(values.map((value) => `"${value.replaceAll('"', '""')}"`).join(','))).toEqual(values);
      }),
    );
  });

  it('never throws on any text', () => {
    fc.assert(fc.property(fc.string(), (text) => void parseCelLine(text)));
  });
});
