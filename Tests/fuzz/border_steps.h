/* One operation of a border program. Numbers are part of the corpus: new operations go to the end. */
static void step(void) {
    static const uint64_t delays[] = {0, 1, 10, 1000, 1ull << 40, (1ull << 62) + 1};
    uint64_t id = 0;

    switch (take(&program) % 48) {
    case 0: new_factory(); break;
    case 1: attach(); break;
    case 2: with_bytes(plait_conn_feed, 255); break;
    case 3: plait_conn_eof(ANY(plait_conn), -(int)(take(&program) % 60)); break;
    case 4: plait_conn_writable(ANY(plait_conn)); break;
    case 5: with_bytes(plait_conn_write, 64); break;
    case 6: with_bytes(plait_line_send, 64); break;
    case 7: with_bytes(plait_string_send, 64); break;
    case 8: send_table(plait_line_send_many); break;
    case 9: send_table(plait_string_send_many); break;
    case 10: plait_conn_pause(ANY(plait_conn)); break;
    case 11: plait_conn_resume(ANY(plait_conn)); break;
    case 12: plait_conn_close(ANY(plait_conn)); break;
    case 13: plait_conn_abort(ANY(plait_conn)); break;
    case 14: plait_conn_close_write(ANY(plait_conn)); break;
    case 15: plait_conn_set_factory(ANY(plait_conn), ANY(plait_factory)); break;
    case 16: plait_line_set_raw_mode(ANY(plait_conn)); break;
    case 17: with_bytes(plait_line_set_line_mode, 32); break;
    case 18: with_bytes(plait_line_set_delimiter, 4); break;
    case 19: plait_line_set_max_length(ANY(plait_conn), take(&program) % 64, take(&program) % 3); break;
    case 20: plait_string_set_max_length(ANY(plait_conn), take(&program) % 64); break;
    case 21: clear(); break;
    case 22: limits(); break;
    case 23: look(); break;
    case 24: plait_reactor_poll(ANY(plait_reactor), WITH_LOOP ? 0 : -1); break;
    case 25: plait_reactor_advance(ANY(plait_reactor), delays[take(&program) % 4]); break;
    case 26: plait_reactor_post(ANY(plait_reactor), on_post, NULL); break;
    case 27: plait_reactor_stop(ANY(plait_reactor)); break;
    case 28:
        if (plait_timer_start(ANY(plait_reactor), delays[take(&program) % 6], delays[1 + take(&program) % 4] * 50,
                              on_timer, NULL, (plait_timer *)&id) == 0)
            put(id);
        break;
    case 29:
        if (plait_timer_start(ANY(plait_reactor), delays[take(&program) % 6], 0, on_timer, NULL, (plait_timer *)&id) ==
            0)
            put(id);
        break;
    case 30: plait_timer_cancel(ANY(plait_timer)); break;
    case 31: plait_timer_reset(ANY(plait_timer), delays[take(&program) % 6]); break;
    case 32: plait_timer_delay(ANY(plait_timer), (int64_t)take(&program) - 128); break;
    case 33:
        if (plait_listen(ANY(plait_reactor), endpoint(1), ANY(plait_factory), NULL, (plait_listener *)&id) == 0)
            put(id);
        break;
    case 34: plait_listener_pause(ANY(plait_listener)); break;
    case 35: plait_listener_resume(ANY(plait_listener)); break;
    case 36: plait_listener_close(ANY(plait_listener)); break;
    case 37:
        if (plait_connect(ANY(plait_reactor), endpoint(0), ANY(plait_factory), NULL, on_done, NULL,
                          (plait_call *)&id) == 0)
            put(id);
        break;
    case 38: plait_call_cancel(ANY(plait_call)); break;
    case 39: start_connector(); break;
    case 40: plait_connector_stop(ANY(plait_connector)); break;
    case 41: plait_connector_reset(ANY(plait_connector)); break;
    case 42:
        if (plait_reactor_drain(ANY(plait_reactor), take(&program), on_drained, NULL, (plait_call *)&id) == 0) put(id);
        break;
    case 43: plait_factory_release(ANY(plait_factory)); break;
    case 44: plait_factory_retain(ANY(plait_factory)); break;
    case 45: plait_reactor_free(ANY(plait_reactor)); break;
    case 46: make_reactor(); break;
    case 47: put(any() ^ 1ull << take(&program) % 64); break; /* a handle that nobody gave out */
    }
}
