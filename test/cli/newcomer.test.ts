/** What a newcomer met: each message says what to do next. */
import t from 'tap';
import { declaredLeaves } from '#src/probe/declared.ts';
import { user } from './support/user.ts';

const CONF = 'events {}\nhttp { server { listen 8443 ssl; ssl_protocols TLSv1.3; } }\n';
const claims = (params: string): string =>
  `target: { locators: ['127.0.0.1:8443'] }\nclaims:\n  - { pack: https-tls, params: {${params}} }\n`;

t.test('--list with claims checks them as the commit does', async (t) => {
  const me = await user(t, { 'nginx.conf': CONF, 'bad.yaml': claims('nosuch: 1'), 'good.yaml': claims('') });
  const commit = (file: string, ...more: readonly string[]) =>
    me.run('commit', 'nginx', 'nginx.conf', '--subject', 'web/shop', '--claims', file, ...more);
  for (const more of [[], ['--list']]) t.match(await commit('bad.yaml', ...more), { code: 1, err: /nosuch/ });
  t.match(await commit('good.yaml', '--list'), { code: 0 });
  t.match(await me.run('verify', 'nginx.conf'), {
    err: /name the folder of its proof: tallystick-proofs\/SUBJECT/,
  });
});

t.test('an agent without openings is told where they go', (t) => {
  t.throws(() => declaredLeaves('postgres@1', {}), {
    message: /copy leaves\.json,.* into the folder openings\/ENTRY of the agent directory/,
  });
  t.end();
});
