#!/bin/sh
# Draws the pictures of docs/gridflock.md with the program itself: one per line of NAME VIEW PLATE PARAMETERS below;
# PLATE is a slot, or `-` for the assembled grid.
set -eu
cd "$(dirname "$0")/.."
GRIDFLOCK=${GRIDFLOCK:-target/release/gridflock}
OUT=docs/gridflock
mkdir -p "$OUT"
while read -r name view plate params; do
    [ -n "$name" ] || continue
    flag=
    [ "$view" = above ] || flag=--below
    [ "$plate" = - ] || flag="$flag --plate $plate"
    # shellcheck disable=SC2086
    printf '%s' "$params" | "$GRIDFLOCK" preview - $flag --out "$OUT/$name.png"
done <<'PICTURES'
cells above - {"plate_size":[147,105],"bed_size":[256,256]}
filler above - {"plate_size":[140,110],"bed_size":[256,256],"filler_x":2,"filler_fraction":[2,3],"alignment":[0,1]}
edges above - {"plate_size":[126,84],"bed_size":[256,256],"edge_adjust":[8,-6,0,12],"plate_corner_radius":8}
override above - {"plate_size":[168,126],"bed_size":[256,256],"cell_override":"ccsccceeccee"}
strips above - {"plate_size":[155,113],"bed_size":[100,100],"separate_edge_padding":true,"filler_x":0,"filler_y":0}
base above - {"plate_size":[84,84],"bed_size":[256,256],"solid_base":4,"top_slice":0.6,"thumbscrews":true}
intersection above A1 {"plate_size":[126,84],"bed_size":[90,90]}
puzzle above A1 {"plate_size":[126,84],"bed_size":[90,90],"connector_intersection_puzzle":false,"connector_edge_puzzle":true}
number below A1 {"plate_size":[126,84],"bed_size":[90,90],"numbering":true}
press below - {"plate_size":[84,84],"bed_size":[256,256],"magnets":true}
glue above - {"plate_size":[84,84],"bed_size":[256,256],"magnets":true,"magnet_style":0,"magnet_frame_style":0}
arc above - {"plate_size":[84,42],"bed_size":[256,256],"click":true,"click_style":0}
groove above - {"plate_size":[84,42],"bed_size":[256,256],"click":true,"click_style":1}
chamfer below - {"plate_size":[84,84],"bed_size":[256,256],"filler_x":0,"edge_adjust":[4,4,4,4],"bottom_chamfer":[3,3,3,3],"top_chamfer":[1.5,1.5,1.5,1.5]}
rim above - {"plate_size":[126,84],"bed_size":[256,256],"plate_wall_thickness":[3,2,0,2],"plate_wall_height":[6,0],"plate_wall_above":[0,18,18,0],"horizontal_screw_wall_north":true,"horizontal_screw_countersink":[6,1.5]}
screws above - {"plate_size":[126,126],"bed_size":[256,256],"solid_base":3,"vertical_screw_other":true,"vertical_screw_countersink_top":[8,2.4],"vertical_screw_counterbore_top":[8,1]}
beds above - {"plate_size":[336,210],"bed_size":[180,180],"more_beds":[[256,256]]}
turns above A1 {"plate_size":[126,84],"bed_size":[90,90],"seam_style":1}
keyed above A1 {"plate_size":[126,84],"bed_size":[90,90],"seam_style":2}
ribs above - {"plate_size":[42,42],"bed_size":[256,256],"magnets":true,"magnet_style":0,"magnet_frame_style":0,"magnet_rib_count":8,"magnet_rib_depth":0.4,"magnet_release_width":0}
mount above - {"plate_size":[84,42],"bed_size":[256,256],"magnets":true,"mount_screws":true}
weight below - {"plate_size":[84,42],"bed_size":[256,256],"solid_base":5,"weight_pockets":true}
relief above - {"plate_size":[42,42],"bed_size":[256,256],"solid_base":2,"seat_relief":1}
PICTURES
COUPONS=$(mktemp -d)
printf '{"magnets":true,"magnet_style":0}' | "$GRIDFLOCK" coupon - --out "$COUPONS" >/dev/null
mv "$COUPONS/coupons.png" "$OUT/coupons.png"
rm -r "$COUPONS"
