#!/bin/bash
# mailorigin report --html, in a browser: hostile text makes no element and runs nothing, the content security policy holds
# even where it would have, nothing is asked of a network, and the page can be read: on a phone and a desktop, light and dark.
# bed: browser
. /t/e2e/lib.sh

cd /tmp || bail "no /tmp"
export TZ=CET-1CEST

for kind in night hostile tame; do
    perl /t/e2e/report-data.pl $kind $kind.log $kind.access
    mailorigin report --log $kind.log --access-log $kind.access --html $kind.html >/dev/null || bail "no report of $kind"
done

# browser WIDTH SCHEME FILE ARGS: SCHEME: 0 dark, 1 light.
browser()
{
    local width=$1 scheme=$2 file=$3
    shift 3
    env -u TZ chromium-headless-shell --no-sandbox --disable-gpu --hide-scrollbars --window-size="$width,900" \
        --blink-settings="preferredColorScheme=$scheme" "$@" "file:///tmp/$file" 2>>browser.log
}
title() { sed -n 's/.*<title>\([^<]*\)<.*/\1/p' "$1"; }

# copy FROM TO POLICY ELEMENTS: a page as it would be if ELEMENTS had come in as markup, with its policy or without.
copy()
{
    ELEMENTS=$4 perl -0777 -pe "
        \$ENV{ELEMENTS} and s/<main>/<main>\$ENV{ELEMENTS}/;
        '$3' eq 'with' or s/<meta http-equiv=\"Content-Security-Policy\"[^>]*>//" "$1" >"$2"
}

note "text stays text"
for kind in hostile tame; do
    browser 1280 1 $kind.html --dump-dom >$kind.dom &
done
wait
for kind in hostile tame; do
    grep -oE '<[!a-zA-Z][a-zA-Z0-9]*' $kind.dom | sort | uniq -c >$kind.elements
done
isnt "there are elements" "$(wc -l <tame.elements)" 0
same "hostile text makes the same elements as other text" hostile.elements tame.elements
is "... and no attribute" "$(grep -ciE '<[^>]* (on[a-z]+|src|srcdoc|style|href)=' hostile.dom)" 0
is "... its scripts do not run" "$(title hostile.dom)" "Outgoing mail report: mail.example.test"
ok "... and it is there to be read" test "$(grep -c '&lt;script&gt;document.title="owned"&lt;/script&gt;' hostile.dom)" -ge 4
ok "... with what is hidden in it" grep -qF 'a\u{202e}evil\u{202c} \u{200b}zero\u{feff}' hostile.dom

note "were it markup"
attack='<script>document.title="owned"</script><img src="x:" onerror="document.title=1"><style>main{display:none}</style>'`
    `'<p style="position:fixed;inset:0;background:red">x</p><img src="http://127.0.0.1:9/x.png"><link rel="stylesheet" href="http://127.0.0.1:9/x.css">'
for policy in with without; do
    copy night.html $policy.html $policy "$attack"
    browser 1280 1 $policy.html --dump-dom --log-net-log=/tmp/$policy.net >$policy.dom &
done
wait
like "without the policy its script would run" "$(title without.dom)" '^(owned|1)$'
is "... with it, none" "$(title with.dom)" "Outgoing mail report: mail.example.test"
requests() { grep -oE '"url":"https?:[^"]*' "$1" | sort -u | wc -l; }
is "without it two addresses would be asked" "$(requests without.net)" 2
is "... with it, none" "$(requests with.net)" 0
copy night.html plain.html with '<p>x</p>'
copy night.html free.html without '<p>x</p>'
copy night.html styled.html with '<style>main{display:none}</style><p style="position:fixed;inset:0;background:red">x</p>'
for page in plain free styled; do browser 1280 1 $page.html --screenshot=/tmp/$page.png >/dev/null & done
wait
same "... and no style but the page's own" styled.png plain.png
same "... which does" free.png plain.png

# What a script in a copy of the page sees: it is the test's, so there the policy is taken out.
# shellcheck disable=SC2016 # JavaScript's
look='<script>addEventListener("load", () => {
    const all = [...document.body.querySelectorAll("*")].filter(e => e.tagName != "SCRIPT");
    const shown = all.filter(e => e.getClientRects().length && getComputedStyle(e).clipPath == "none" && !e.closest("thead"));
    const rgb = text => (text.match(/[\d.]+/g) || [0, 0, 0, 0]).map(Number);
    const ground = e => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor); if (c.length < 4 || c[3] > 0) return c } return [255, 255, 255] };
    const light = c => { const l = c.slice(0, 3).map(v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * l[0] + 0.7152 * l[1] + 0.0722 * l[2] };
    const ratio = (a, b) => { const [x, y] = [light(a), light(b)].sort((p, q) => q - p); return (x + 0.05) / (y + 0.05) };
    const text = shown.filter(e => [...e.childNodes].some(n => n.nodeType == 3 && n.data.trim()));
    const count = s => document.querySelectorAll(s).length;
    document.title = [
        "width " + document.documentElement.scrollWidth + " of " + innerWidth,
        "beyond " + shown.filter(e => e.getBoundingClientRect().right > innerWidth + 0.5 || e.getBoundingClientRect().left < -0.5).length,
        "spilled " + shown.filter(e => e.scrollWidth > e.clientWidth + 1 && /^(block|grid|flex)$/.test(getComputedStyle(e).display) && !e.closest("svg")).length,
        "poor " + text.filter(e => ratio(rgb(getComputedStyle(e).color), ground(e)) < 4.5).length + " of " + text.length,
        "bars " + shown.filter(e => e.tagName == "rect" && e.getBoundingClientRect().height > 0.5 && ratio(rgb(getComputedStyle(e).fill), ground(e)) >= 3).length,
        "lang " + document.documentElement.lang, "h1 " + count("h1"), "h2 " + count("h2"), "unlabelled " + count("th:not([scope]),svg:not([aria-label]),section:not([aria-labelledby])"),
        "dangling " + [...document.querySelectorAll("[aria-labelledby]")].filter(e => !document.getElementById(e.getAttribute("aria-labelledby"))).length,
    ].join("; ");
})</script>'

note "to be read"
for kind in night hostile; do copy $kind.html $kind-look.html without "$look"; done
# looks DESC KIND WIDTH SCHEME ORIGINS
looks()
{
    local seen
    seen=$(title "looks-$2-$3")
    like "$1: nothing is wider than the screen" "$seen" "width $3 of $3; beyond 0; spilled 0"
    like "... contrast is at least 4.5" "$seen" "poor 0 of [1-9][0-9]"
    like "... the chart has its bars" "$seen" 'bars [1-9][0-9]'
    like "... language, headings, labels" "$seen" "lang en; h1 1; h2 $5; unlabelled 0; dangling 0"
}
for run in night:360:0 night:1280:1 hostile:360:1 hostile:1280:0; do
    IFS=: read -r kind width scheme <<<"$run"
    browser "$width" "$scheme" "$kind-look.html" --dump-dom >"looks-$kind-$width" &
    [ "$width" = 360 ] || wait
done
looks "a phone, dark" night 360 0 4
looks "a desktop, light" night 1280 1 4
looks "a phone, light, hostile names" hostile 360 1 3
looks "a desktop, dark, hostile names" hostile 1280 0 3

mean() { pngtopam "$1" | pamsumm -mean -brief | cut -d. -f1; }
browser 360 0 night.html --screenshot=/tmp/dark.png >/dev/null &
browser 1280 1 night.html --screenshot=/tmp/light.png >/dev/null &
wait
is "the pictures have the widths" "$(for f in dark light; do pngtopam $f.png | pamfile | grep -oE '[0-9]+ by'; done | xargs)" "360 by 1280 by"
ok "dark is dark: $(mean dark.png) of 255" test "$(mean dark.png)" -lt 70
ok "light is light: $(mean light.png) of 255" test "$(mean light.png)" -gt 215
done_testing
