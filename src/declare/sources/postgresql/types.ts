/**
 * Types and units of PostgreSQL's own settings, as pg_settings has them. The lists are those of PostgreSQL 13 to 18, as of 2026-11.
 * A setting is left out if its type or unit is not the same in all of them (log_connections, wal_compression), and so are those
 * of extensions. No list says which settings there are.
 */

/** A unit of a setting: `kB`, `8kB`, `ms`; empty for none. */
export type SettingType =
  | { readonly kind: 'bool' }
  | { readonly kind: 'integer' | 'real'; readonly unit: string }
  /** Digits in octal, as SHOW prints them. */
  | { readonly kind: 'mode' }
  /** The words that pg_settings.enumvals lists, in their spelling. A server may take more. */
  | { readonly kind: 'enum'; readonly words: readonly string[] };

/** The type of a setting by its name in lower case; undefined for a text, and for what is not known here. */
export function typeOf(name: string): SettingType | undefined {
  return TYPES.get(name);
}

/** Names that the server takes for another (guc.c, map_old_guc_names), the same in every version. */
export const OLD_NAMES: ReadonlyMap<string, string> = new Map([
  ['sort_mem', 'work_mem'],
  ['vacuum_mem', 'maintenance_work_mem'],
]);

const BOOL = `
  allow_alter_system allow_in_place_tablespaces allow_system_table_mods array_nulls autovacuum bonjour check_function_bodies
  data_checksums data_sync_retry db_user_namespace debug_assertions debug_pretty_print debug_print_parse debug_print_plan
  debug_print_rewritten default_transaction_deferrable default_transaction_read_only enable_async_append enable_bitmapscan
  enable_distinct_reordering enable_gathermerge enable_group_by_reordering enable_hashagg enable_hashjoin enable_incremental_sort
  enable_indexonlyscan enable_indexscan enable_material enable_memoize enable_mergejoin enable_nestloop enable_parallel_append
  enable_parallel_hash enable_partition_pruning enable_partitionwise_aggregate enable_partitionwise_join
  enable_presorted_aggregate enable_self_join_elimination enable_seqscan enable_sort enable_tidscan escape_string_warning
  event_triggers exit_on_error fsync full_page_writes geqo gss_accept_delegation hot_standby hot_standby_feedback
  ignore_checksum_failure ignore_invalid_pages ignore_system_indexes in_hot_standby integer_datetimes jit jit_debugging_support
  jit_dump_bitcode jit_expressions jit_profiling_support jit_tuple_deforming krb_caseins_users lo_compat_privileges
  log_checkpoints log_disconnections log_duration log_executor_stats log_hostname log_lock_failures log_lock_waits
  log_parser_stats log_planner_stats log_recovery_conflict_waits log_replication_commands log_statement_stats
  log_truncate_on_rotation logging_collector md5_password_warnings operator_precedence_warning parallel_leader_participation
  quote_all_identifiers recovery_target_inclusive remove_temp_files_after_crash restart_after_crash row_security
  send_abort_for_crash send_abort_for_kill ssl ssl_passphrase_command_supports_reload ssl_prefer_server_ciphers
  standard_conforming_strings summarize_wal sync_replication_slots synchronize_seqscans syslog_sequence_numbers
  syslog_split_messages trace_connection_negotiation trace_notify trace_sort track_activities track_commit_timestamp
  track_cost_delay_timing track_counts track_io_timing track_wal_io_timing transaction_deferrable transaction_read_only
  transform_null_equals update_process_title vacuum_truncate wal_init_zero wal_log_hints wal_receiver_create_temp_slot
  wal_recycle zero_damaged_pages`;

const INTEGERS: Readonly<Record<string, string>> = {
  '8kB': `
    backend_flush_after bgwriter_flush_after checkpoint_flush_after commit_timestamp_buffers effective_cache_size io_combine_limit
    io_max_combine_limit min_parallel_index_scan_size min_parallel_table_scan_size multixact_member_buffers
    multixact_offset_buffers notify_buffers segment_size serializable_buffers shared_buffers subtransaction_buffers temp_buffers
    transaction_buffers wal_buffers wal_writer_flush_after`,
  B: `
    log_parameter_max_length log_parameter_max_length_on_error track_activity_query_size wal_decode_buffer_size wal_segment_size`,
  MB: 'max_slot_wal_keep_size max_wal_size min_dynamic_shared_memory min_wal_size shared_memory_size wal_keep_size',
  kB: `
    autovacuum_work_mem gin_pending_list_limit huge_page_size log_rotation_size log_temp_files logical_decoding_work_mem
    maintenance_work_mem max_stack_depth temp_file_limit vacuum_buffer_usage_limit wal_skip_threshold work_mem`,
  min: 'log_rotation_age old_snapshot_threshold wal_summary_keep_time',
  ms: `
    bgwriter_delay client_connection_check_interval deadlock_timeout idle_in_transaction_session_timeout idle_session_timeout
    lock_timeout log_autovacuum_min_duration log_min_duration_sample log_min_duration_statement log_startup_progress_interval
    max_standby_archive_delay max_standby_streaming_delay recovery_min_apply_delay statement_timeout tcp_user_timeout
    transaction_timeout wal_receiver_timeout wal_retrieve_retry_interval wal_sender_timeout wal_writer_delay`,
  s: `
    archive_timeout authentication_timeout autovacuum_naptime checkpoint_timeout checkpoint_warning post_auth_delay pre_auth_delay
    tcp_keepalives_idle tcp_keepalives_interval wal_receiver_status_interval`,
  '': `
    autovacuum_analyze_threshold autovacuum_freeze_max_age autovacuum_max_workers autovacuum_multixact_freeze_max_age
    autovacuum_vacuum_cost_limit autovacuum_vacuum_insert_threshold autovacuum_vacuum_max_threshold autovacuum_vacuum_threshold
    autovacuum_worker_slots bgwriter_lru_maxpages block_size commit_delay commit_siblings debug_discard_caches
    default_statistics_target effective_io_concurrency extra_float_digits from_collapse_limit geqo_effort geqo_generations
    geqo_pool_size geqo_threshold gin_fuzzy_search_limit io_max_concurrency io_workers join_collapse_limit
    maintenance_io_concurrency max_active_replication_origins max_connections max_files_per_process max_function_args
    max_identifier_length max_index_keys max_locks_per_transaction max_logical_replication_workers max_notify_queue_pages
    max_parallel_apply_workers_per_subscription max_parallel_maintenance_workers max_parallel_workers
    max_parallel_workers_per_gather max_pred_locks_per_page max_pred_locks_per_relation max_pred_locks_per_transaction
    max_prepared_transactions max_replication_slots max_sync_workers_per_subscription max_wal_senders max_worker_processes port
    reserved_connections scram_iterations server_version_num shared_memory_size_in_huge_pages superuser_reserved_connections
    tcp_keepalives_count vacuum_cost_limit vacuum_cost_page_dirty vacuum_cost_page_hit vacuum_cost_page_miss
    vacuum_defer_cleanup_age vacuum_failsafe_age vacuum_freeze_min_age vacuum_freeze_table_age vacuum_multixact_failsafe_age
    vacuum_multixact_freeze_min_age vacuum_multixact_freeze_table_age wal_block_size`,
};

const REALS: Readonly<Record<string, string>> = {
  ms: 'autovacuum_vacuum_cost_delay vacuum_cost_delay',
  '': `
    autovacuum_analyze_scale_factor autovacuum_vacuum_insert_scale_factor autovacuum_vacuum_scale_factor bgwriter_lru_multiplier
    checkpoint_completion_target cpu_index_tuple_cost cpu_operator_cost cpu_tuple_cost cursor_tuple_fraction geqo_seed
    geqo_selection_bias hash_mem_multiplier jit_above_cost jit_inline_above_cost jit_optimize_above_cost
    log_statement_sample_rate log_transaction_sample_rate parallel_setup_cost parallel_tuple_cost random_page_cost
    recursive_worktable_factor seq_page_cost vacuum_cleanup_index_scale_factor vacuum_max_eager_freeze_failure_rate`,
};

const MODES = 'data_directory_mode log_file_mode unix_socket_permissions';

const LEVELS = 'debug5 debug4 debug3 debug2 debug1 info notice warning error log fatal panic';
/** Words with a blank have `_` in its place. */
const ENUMS: Readonly<Record<string, string>> = {
  archive_mode: 'always on off',
  backslash_quote: 'safe_encoding on off',
  bytea_output: 'escape hex',
  client_min_messages: 'debug5 debug4 debug3 debug2 debug1 log notice warning error',
  compute_query_id: 'auto regress on off',
  constraint_exclusion: 'partition on off',
  debug_parallel_query: 'off on regress',
  default_toast_compression: 'pglz lz4',
  default_transaction_isolation: 'serializable repeatable_read read_committed read_uncommitted',
  dynamic_shared_memory_type: 'posix sysv mmap',
  force_parallel_mode: 'off on regress',
  huge_pages: 'off on try',
  log_error_verbosity: 'terse default verbose',
  log_min_error_statement: LEVELS,
  log_min_messages: LEVELS,
  log_statement: 'none ddl mod all',
  password_encryption: 'md5 scram-sha-256',
  plan_cache_mode: 'auto force_generic_plan force_custom_plan',
  recovery_init_sync_method: 'fsync syncfs',
  recovery_prefetch: 'off on try',
  recovery_target_action: 'pause promote shutdown',
  session_replication_role: 'origin replica local',
  shared_memory_type: 'sysv mmap',
  ssl_max_protocol_version: 'TLSv1 TLSv1.1 TLSv1.2 TLSv1.3',
  ssl_min_protocol_version: 'TLSv1 TLSv1.1 TLSv1.2 TLSv1.3',
  stats_fetch_consistency: 'none cache snapshot',
  synchronous_commit: 'local remote_write remote_apply on off',
  syslog_facility: 'local0 local1 local2 local3 local4 local5 local6 local7',
  track_functions: 'none pl all',
  wal_level: 'minimal replica logical',
  wal_sync_method: 'fsync fdatasync open_sync open_datasync',
  xmlbinary: 'base64 hex',
  xmloption: 'content document',
};

function namesIn(text: string): readonly string[] {
  return text.trim().split(/\s+/);
}

function* all(): Generator<readonly [string, SettingType]> {
  for (const name of namesIn(BOOL)) yield [name, { kind: 'bool' }];
  for (const [unit, names] of Object.entries(INTEGERS))
    for (const name of namesIn(names)) yield [name, { kind: 'integer', unit }];
  for (const [unit, names] of Object.entries(REALS))
    for (const name of namesIn(names)) yield [name, { kind: 'real', unit }];
  for (const name of namesIn(MODES)) yield [name, { kind: 'mode' }];
  for (const [name, words] of Object.entries(ENUMS)) {
    const isolation = name === 'default_transaction_isolation';
    yield [
      name,
      { kind: 'enum', words: namesIn(words).map((word) => (isolation ? word.replace('_', ' ') : word)) },
    ];
  }
}

const TYPES: ReadonlyMap<string, SettingType> = new Map(all());
