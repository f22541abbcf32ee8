import { expect, test } from 'vitest';
import { parseContacts, parseRegistrations } from './reachability.ts';

test('contacts are read from what Asterisk prints', () => {
  const text = [
    '',
    '  Contact:  <Aor/ContactUri..............................> <Hash....> <Status> <RTT(ms)..>',
    '==========================================================================================',
    '',
    '  Contact:  trunk-T1/sip:127.0.0.9:50241                    5b2f0c34f1 Avail         0.691',
    '  Contact:  agent-1/sip:agent-1@192.0.2.7:4431;transport=ws b1daaf1c54 NonQual         nan',
    '  Contact:  agent-2/sip:old@192.0.2.8:4431                  b1daaf1c55 Unavail         nan',
    '  Contact:  agent-2/sip:new@192.0.2.8:4432                  b1daaf1c56 Avail         12.300',
    'Objects found: 3',
  ].join('\n');
  const contacts = parseContacts(text);
  expect(contacts.get('trunk-T1')).toEqual({ uri: 'sip:127.0.0.9:50241', status: 'Avail', rttMs: 0.691 });
  expect(contacts.get('agent-1')).toEqual({
    uri: 'sip:agent-1@192.0.2.7:4431;transport=ws',
    status: 'NonQual',
    rttMs: undefined,
  });
  expect(contacts.get('agent-2')).toMatchObject({ uri: 'sip:new@192.0.2.8:4432', status: 'Avail' });
  expect(contacts.size).toBe(3);
});

test('registrations are read whether or not their address fits the column', () => {
  const text = [
    ' <Registration/ServerURI..............................>  <Auth....................>  <Status.......>',
    '==========================================================================================',
    ' trunk-T1/sip:127.0.0.9:50241                            trunk-T1                    Unregistered      (exp. 9s)',
    ' trunk-6c0c6f6e-5a2b-4f43-9a65-0d6a2f1a0b3c/sip:carrie  trunk-6c0c6f6e-5a2b-4f43-9a65-0d6a2f1a0b3c  Registered        (exp. 287s)',
    ' trunk-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx/  a  Rejected          (exp. 20s ago)',
  ].join('\n');
  expect([...parseRegistrations(text).values()]).toEqual(['Unregistered', 'Registered', 'Rejected']);
});
