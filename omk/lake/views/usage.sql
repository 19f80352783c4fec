SELECT
    goal, seq, recorded_at, agent, task, driver, active_ms, tokens_in, tokens_out, tokens_cached,
    tokens_in + tokens_out + tokens_cached AS tokens, micro_usd
FROM stored.usage
