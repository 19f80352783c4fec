-- The name that a path of the state holds between its dots or brackets: what `{unquoted}` stands for in a query.
if(
    starts_with(step['key'], '.'),
    step['key'][2:],
    -- A name is quoted as JSON would, but for \U and eight digits before a character that cannot be shown.
    replace(
        regexp_replace(
            regexp_replace(replace(step['key'][2:-2], '\\', chr(1)), '\\U000e00(..)', '\\udb40\\udc\1', 'g'),
            '\\U0000(....)', '\\u\1', 'g'
        ),
        chr(1), '\\'
    )::JSON->>'$'
)
