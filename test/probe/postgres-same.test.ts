/** When a declared value is the running one. A value that is taken for another would be green wrongly. */
import t from 'tap';
import { isSame, type Running } from '#src/probe/postgres/same.ts';

const of = (
  type: string,
  raw: string,
  unit = '',
  words: readonly string[] = [],
  source = 'configuration file',
): Running => ({
  raw,
  type,
  unit,
  source,
  words,
});

t.test('the same, and not the same', async (t) => {
  for (const [name, running, same, other] of [
    [
      'work_mem',
      of('integer', '8192', 'kB'),
      ['8MB', '8192', '8192kB', '0.0078125GB'],
      ['8', '8192MB', '8mb', ''],
    ],
    [
      'shared_buffers',
      of('integer', '16384', '8kB'),
      ['128MB', '16384', '131072kB'],
      ['128', '131072', '16384kB'],
    ],
    ['log_file_mode', of('integer', '0600'), ['0600', '384'], ['600', '0640']],
    ['checkpoint_timeout', of('integer', '300', 's'), ['5min', '300', '300000ms'], ['5', '300min']],
    ['random_page_cost', of('real', '1.1'), ['1.1', '1.10', '1.10000001'], ['1.2', '11', '1.1ms']],
    ['vacuum_cost_delay', of('real', '2', 'ms'), ['2ms', '2000us', '2'], ['2s', '2.5']],
    ['ssl', of('bool', 'on'), ['on', 'true', '1', 'YES'], ['off', '', 'onn', 'o']],
    [
      'wal_level',
      of('enum', 'replica', '', ['minimal', 'replica', 'logical']),
      ['replica', 'REPLICA'],
      ['logical', 'on'],
    ],
    ['huge_pages', of('enum', 'on', '', ['off', 'on', 'try']), ['on', 'true'], ['off', 'try', 'false']],
    [
      'wal_compression',
      of('enum', 'pglz', '', ['pglz', 'lz4', 'on', 'off']),
      ['pglz', 'on', 'yes'],
      ['lz4', 'off'],
    ],
    ['wal_buffers', of('integer', '512', '8kB', [], 'override'), ['-1', '4MB', '512'], ['-2', '8MB']],
    ['wal_buffers', of('integer', '512', '8kB'), ['4MB'], ['-1']],
    ['timezone', of('string', 'UTC-3'), ['UTC-3', 'utc-3'], ['UTC3', 'UTC+3', 'UTC -3']],
    ['datestyle', of('string', 'ISO, MDY'), ['iso,mdy', 'ISO, MDY'], ['iso, dmy', 'mdy, iso']],
    ['client_encoding', of('string', 'UTF8'), ['utf-8', 'UTF8'], ['LATIN1']],
    ['ssl_ciphers', of('string', 'HIGH:!aNULL'), ['HIGH:!aNULL'], ['high:!anull', 'HIGH:!aNULL ']],
    ['archive_command', of('string', ''), [''], [' ', 'x']],
  ] as const) {
    for (const text of same) t.equal(isSame(name, text, running), true, `${name} = ${text}`);
    for (const text of other) t.equal(isSame(name, text, running), false, `${name} = ${text}`);
  }
});
