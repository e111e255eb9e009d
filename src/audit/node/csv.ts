/** Records of a CSV file (RFC 4180), as spreadsheets write them. */
import { CsvError, parse } from 'csv-parse/sync';
import { refuse } from '../../bytes/refusal.ts';

/** Most characters of one record. */
const MOST_RECORD = 65_536;

/**
 * The records of a CSV text, the header first. A byte order mark and empty lines are passed over. Refuses
 * `malformed-text`, with the line, for quotes that do not end and for records with more or fewer fields than the header.
 */
export function csvRecords(text: string): readonly (readonly string[])[] {
  try {
    return parse(text, { bom: true, skip_empty_lines: true, max_record_size: MOST_RECORD });
  } catch (error) {
    if (error instanceof CsvError)
      throw refuse('malformed-text', `the CSV file: ${error.message}`, { cause: error });
    throw error;
  }
}
