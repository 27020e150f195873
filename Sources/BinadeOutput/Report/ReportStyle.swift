/// What pages look like and do: no font, picture or program from elsewhere.
enum ReportStyle {
  /// Charts, in pages and as files of their own.
  static let chart = """
    svg{color-scheme:light dark;--ink:#1b1f24;--faint:#d5d9de;--c0:#0072b2;--c1:#c04a00;--c2:#007a55;--c3:#a04a82;--c4:#8a6100;\
    --c5:#3a6fd8;--c6:#3d4248;--c7:#7a3fb0}
    @media (prefers-color-scheme:dark){svg{--ink:#e8eaed;--faint:#3a3f46;--c0:#56b4e9;--c1:#ff9a5c;--c2:#4fd0a5;--c3:#eba3cd;\
    --c4:#f0c14b;--c5:#9db9ff;--c6:#d0d4d9;--c7:#cfa6f5}}
    svg text{font:14px system-ui,sans-serif;fill:var(--ink)}
    svg .centre{text-anchor:middle}svg .end{text-anchor:end}svg .middle{dominant-baseline:central}
    svg .axes line{stroke:var(--faint);stroke-width:1}
    svg .line{fill:none;stroke:currentColor;stroke-width:2}svg .bar{stroke:currentColor;stroke-width:1;opacity:.7}
    svg circle,svg polygon,svg .length{fill:currentColor}
    svg .point:focus{outline:none}
    svg .point:hover circle,svg .point:focus circle,svg .point:hover polygon,svg .point:focus polygon{stroke:var(--ink);stroke-width:2}
    svg .values{stroke:currentColor;stroke-width:1}
    .c0{color:var(--c0)}.c1{color:var(--c1)}.c2{color:var(--c2)}.c3{color:var(--c3)}.c4{color:var(--c4)}.c5{color:var(--c5)}\
    .c6{color:var(--c6)}.c7{color:var(--c7)}
    """

  /// The page around them.
  static let page = """
    :root{color-scheme:light dark;--paper:#fff;--ink:#1b1f24;--soft:#56606b;--faint:#d5d9de;--link:#0057a8;--shade:#0072b2}
    @media (prefers-color-scheme:dark){:root{--paper:#14171a;--ink:#e8eaed;--soft:#a8b0b9;--faint:#3a3f46;--link:#8cc4ff;--shade:#3f8fc4}}
    *{box-sizing:border-box}
    body{margin:0 auto;max-width:72rem;padding:1rem;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
    h1{line-height:1.2;margin:.5rem 0;overflow-wrap:anywhere}h2{margin:2.5rem 0 .5rem;border-top:1px solid var(--faint);padding-top:1rem}
    p,li{max-width:46rem;overflow-wrap:anywhere}.lead{color:var(--soft)}a{color:var(--link)}
    nav ul{list-style:none;padding:0;display:flex;flex-wrap:wrap;gap:.25rem 1rem}
    .charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,26rem),1fr));gap:0 2rem}figure{margin:1.5rem 0;max-width:44rem;min-width:0}figure svg{width:100%;height:auto;display:block}
    figcaption,.caption{color:var(--soft);font-size:.9rem;padding:.25rem 0;margin:.5rem 0 0}
    .legend{list-style:none;padding:0;margin:.25rem 0;display:flex;flex-wrap:wrap;gap:.15rem 1rem;font-size:.9rem}
    .legend li{display:flex;gap:.35rem;align-items:baseline}.key{width:16px;height:16px;flex:none}
    .scroll{overflow-x:auto;max-width:100%}
    table{border-collapse:collapse;font-size:.9rem;font-variant-numeric:tabular-nums}
    th,td{padding:.25rem .6rem;text-align:left;border-bottom:1px solid var(--faint);vertical-align:top}
    td{min-width:4rem;max-width:26rem;overflow-wrap:anywhere}td:first-child{min-width:11rem}.n{text-align:right;white-space:nowrap}
    th button{all:unset;cursor:pointer;font-weight:600}th button:focus-visible,.scroll:focus-visible,summary:focus-visible{outline:2px solid var(--link)}
    th[aria-sort=ascending] button::after{content:" ▲"}th[aria-sort=descending] button::after{content:" ▼"}
    td.s{background:color-mix(in srgb,var(--shade) calc(var(--v)*55%),transparent)}
    summary{cursor:pointer;color:var(--link)}
    #note{position:fixed;pointer-events:none;white-space:pre-line;background:var(--ink);color:var(--paper);padding:.3rem .5rem;\
    border-radius:4px;font-size:.85rem;max-width:min(24rem,90vw);overflow-wrap:anywhere}
    @media print{nav,#note{display:none}}
    """

  /// Sorts tables, and shows what points say where the pointer or the keyboard is.
  static let program = """
    document.querySelectorAll('th button').forEach(function(button){button.addEventListener('click',function(){
    var head=button.parentNode,table=head.closest('table'),place=Array.prototype.indexOf.call(head.parentNode.children,head);
    var down=head.getAttribute('aria-sort')==='ascending';
    head.parentNode.querySelectorAll('th').forEach(function(other){other.removeAttribute('aria-sort')});
    head.setAttribute('aria-sort',down?'descending':'ascending');
    var rows=Array.prototype.slice.call(table.tBodies[0].rows);
    function value(row){var cell=row.cells[place],number=cell.getAttribute('data-v');return number===null?cell.textContent:+number}
    rows.sort(function(a,b){var x=value(a),y=value(b),order=typeof x==='number'&&typeof y==='number'?x-y:String(x).localeCompare(String(y));
    return down?-order:order});rows.forEach(function(row){table.tBodies[0].appendChild(row)})})});
    var note=document.getElementById('note');
    function show(point){var box=point.getBoundingClientRect();note.textContent=point.getAttribute('aria-label');note.hidden=false;
    note.style.left=Math.max(4,Math.min(box.left,innerWidth-note.offsetWidth-4))+'px';
    note.style.top=(box.top>note.offsetHeight+12?box.top-note.offsetHeight-8:box.bottom+8)+'px'}
    document.querySelectorAll('.point').forEach(function(point){var title=point.querySelector('title');if(title)title.remove();
    ['mouseenter','focus'].forEach(function(name){point.addEventListener(name,function(){show(point)})});
    ['mouseleave','blur'].forEach(function(name){point.addEventListener(name,function(){note.hidden=true})})});
    """
}
