/**
 * The second part of the demonstration: subjects of four owners that stand, and go on, with one verdict of each kind. Each is as real
 * as those of the story: servers of this process, proven by the agent.
 */
import type { ClaimStatus } from '../../appraisal/index.ts';
import { FIREWALL_CLAIMS, SEARCH_CLAIMS } from './claims.ts';
import { COLLECTOR, type Firewall } from './firewall.ts';
import { is, type Play } from './play.ts';
import { API, QUIET, startAgent, startLog, tlsFile, URL_SAID, WEB } from './story.ts';
import { freePort, type Target } from './target.ts';

const LEDGER = 'pay/ledger';
const TERMINAL = 'pay/terminal';
const SEARCH = 'shop/search';
const FIREWALL = 'edge/firewall';
const WAREHOUSE = 'data/warehouse';
const LEDGER_FILE = 'ledger.conf';
const WAREHOUSE_FILE = 'warehouse.conf';
/** Claims that are proven twice a minute while somebody looks at the pages. */
const SELDOM = '1m';

/** The servers that the subjects are about. */
export interface Targets {
  readonly api: Target;
  readonly ledger: Target;
  readonly terminal: Target;
  readonly warehouse: Target;
  readonly firewall: Firewall;
}

/** Raises the log again, with a mirror, logs the subjects and waits until each has its verdict. */
export async function settle(play: Play, targets: Targets): Promise<void> {
  await startLog(play);
  const mirror = ['mirror', play.url, 'tallystick-mirror', '--policy', 'everyone.policy', '--poll', '1'];
  await play.stage.start('mirror', [...mirror, ...QUIET], URL_SAID);
  play.say('Now the log runs again, with a mirror, and others declare what they run.', 'yellow');
  const others = await declareAll(play, targets);
  const { api, ledger, terminal, warehouse } = targets;
  const places = [api, ledger, terminal, warehouse].map(({ place }) => place);
  await startAgent(play, [API, LEDGER, TERMINAL, SEARCH, FIREWALL, WAREHOUSE], [...places, ...others]);
  await play.until(WAREHOUSE, 'proven', all('PROVEN'));
  await play.until(LEDGER, 'proven', all('PROVEN'));
  await change(play, targets);
  for (const [subject, wanted] of STANDING)
    play.show(await play.until(subject, 'as it is to be', wanted), subject);
  play.say(
    'The newest declaration of data/warehouse waits for a second person: the one before it holds until then.',
  );
}

/** First commitments. Resolves to the targets of the search service and the firewall, which are not among `targets`' places. */
async function declareAll(play: Play, targets: Targets): Promise<readonly string[]> {
  const { api, ledger, terminal, warehouse, firewall } = targets;
  await ledger.serve('TLSv1.3');
  await terminal.serve('TLSv1.2');
  await warehouse.serve('TLSv1.3');
  for (const file of [LEDGER_FILE, WAREHOUSE_FILE]) await play.write(file, 'ssl_protocols TLSv1.3;\n');
  const pinned = async (
    subject: string,
    file: string,
    owner: string,
    target: Target,
    ...more: readonly string[]
  ) => play.commit(subject, file, tlsFile(owner, target, SELDOM), '--pin', ...more);
  await pinned(API, 'server.conf', 'payments', api);
  await pinned(LEDGER, LEDGER_FILE, 'payments', ledger);
  await pinned(TERMINAL, 'server.conf', 'payments', terminal);
  await pinned(WAREHOUSE, WAREHOUSE_FILE, 'data', warehouse, '--approvals', '1');
  await play.command('approve', WAREHOUSE, '--yes', '--reason', 'reviewed');
  const nobody = `127.0.0.1:${await freePort()}`;
  const search = { owner: 'shop', locator: nobody, cadence: SELDOM, claims: SEARCH_CLAIMS };
  await play.commit(SEARCH, 'server.conf', search);
  await play.write('ask-firewall.mjs', COLLECTOR);
  const program = [process.execPath, `${play.stage.dir}/ask-firewall.mjs`, ...(await firewall.serve())];
  const collector = JSON.stringify(program);
  await play.write('firewall.rules', 'database closed\n');
  const closed = { owner: 'network', locator: collector, cadence: SELDOM, claims: FIREWALL_CLAIMS };
  await play.commit(FIREWALL, 'firewall.rules', closed);
  return [nobody, collector];
}

/** What happens later: a second declaration and its deployment, one that waits for approval, and a waiver. */
async function change(play: Play, { ledger, warehouse }: Targets): Promise<void> {
  for (const file of [LEDGER_FILE, WAREHOUSE_FILE])
    await play.write(file, 'ssl_protocols TLSv1.3;\nkeepalive_timeout 30;\n');
  await play.commit(LEDGER, LEDGER_FILE, tlsFile('payments', ledger, SELDOM));
  await play.command('deploy', 'mark', '--subject', LEDGER, '--version', '2.4.1', '--reason', 'CHG-7');
  await play.commit(WAREHOUSE, WAREHOUSE_FILE, tlsFile('data', warehouse, SELDOM), '--approvals', '1');
  await play.until(TERMINAL, 'violated', (claims) => is(claims, 'tls12-refused', 'VIOLATED', 'E3'));
  const waiver = ['--owner', 'Alice', '--reason', 'terminals of 2019 speak nothing newer', '--until', '7d'];
  await play.command('waive', TERMINAL, 'tls12-refused', ...waiver);
}

type Wanted = (claims: readonly ClaimStatus[]) => boolean;

function all(verdict: string): Wanted {
  return (claims) => claims.every((each) => each.verdict === verdict);
}

/** What each subject comes to. */
const STANDING: readonly (readonly [subject: string, wanted: Wanted])[] = [
  [API, (claims) => is(claims, 'tls12-refused', 'VIOLATED', 'E3')],
  [LEDGER, all('PROVEN')],
  [TERMINAL, (claims) => claims.some(({ verdict, hidden }) => verdict === 'WAIVED' && hidden === 'VIOLATED')],
  [WEB, all('STALE')],
  [SEARCH, (claims) => claims.every(({ verdict, proof }) => verdict === 'UNKNOWN' && proof !== undefined)],
  [FIREWALL, all('CONTRADICTED')],
  [WAREHOUSE, all('PROVEN')],
];
