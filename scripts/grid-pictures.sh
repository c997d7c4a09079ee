#!/bin/sh
# Draws the pictures of docs/gridflock.md with the program itself: one per line of NAME VIEW PLATE PARAMETERS below;
# PLATE is a slot, `stack`, or `-` for the assembled grid;
# VIEW is above, below, or upstream (above, of the original).
set -eu
cd "$(dirname "$0")/.."
GRIDFLOCK=${GRIDFLOCK:-target/release/gridflock}
OUT=docs/gridflock
mkdir -p "$OUT"
while read -r name view plate params; do
    [ -n "$name" ] || continue
    case $view in
        below) flag=--below ;;
        upstream) flag=--upstream-exact ;;
        *) flag= ;;
    esac
    [ "$plate" = - ] || flag="$flag --plate $plate"
    # shellcheck disable=SC2086
    printf '%s' "$params" | "$GRIDFLOCK" preview - $flag --out "$OUT/$name.png"
done <<'PICTURES'
cells above - {"plate_size":[147,105],"bed_size":[110,110],"plate_corner_radius":12}
filler above - {"plate_size":[140,110],"bed_size":[256,256],"filler_x":1,"filler_y":1,"filler_fraction":[3,2]}
leftover above - {"plate_size":[140,112],"bed_size":[256,256],"filler_x":2,"filler_y":0,"filler_minimum_size":[10,15],"alignment":[0,1]}
edges above - {"plate_size":[126,84],"bed_size":[256,256],"edge_adjust":[8,-6,0,12],"plate_corner_radius":8}
override above - {"plate_size":[168,126],"bed_size":[256,256],"cell_override":"ccsccceeccee"}
strips above - {"plate_size":[155,113],"bed_size":[100,100],"separate_edge_padding":true,"filler_x":0,"filler_y":0}
base above - {"plate_size":[84,84],"bed_size":[256,256],"solid_base":4,"top_slice":0.6,"thumbscrews":true,"thumbscrew_diameter":20}
intersection above A1 {"plate_size":[126,84],"bed_size":[90,90],"connector_intersection_puzzle":true}
loose above A1 {"plate_size":[126,84],"bed_size":[90,90],"intersection_puzzle_fit":0}
puzzle above A1 {"plate_size":[126,84],"bed_size":[90,90],"connector_intersection_puzzle":false,"connector_edge_puzzle":true,"edge_puzzle_count":2,"edge_puzzle_dim":[9,3],"edge_puzzle_dim_c":[2.5,1.6],"edge_puzzle_height_male_delta":0.6,"solid_base":1}
sockets below B1 {"plate_size":[126,84],"bed_size":[90,90],"connector_intersection_puzzle":false,"connector_edge_puzzle":true,"magnets":true,"edge_puzzle_gap":0.4,"edge_puzzle_height_female":3,"edge_puzzle_magnet_border":true,"edge_puzzle_magnet_border_width":6}
number below A1 {"plate_size":[126,84],"bed_size":[126,84],"numbering":true,"number_depth":0.6,"number_size":4,"solid_base":1}
squeezed below A1 {"plate_size":[126,84],"bed_size":[50,90],"number_squeeze_size":2.5,"solid_base":1}
press below - {"plate_size":[84,42],"bed_size":[256,256],"magnets":true,"magnet_style":1,"magnet_frame_style":1,"magnet_diameter":8,"magnet_height":3,"magnet_top":1,"magnet_bottom":1,"magnet_border":3,"magnet_release_width":2}
glue above - {"plate_size":[84,84],"bed_size":[256,256],"magnets":true,"magnet_style":0,"magnet_frame_style":0}
arc above - {"plate_size":[84,42],"bed_size":[256,256],"click":true,"click_style":0,"click1_distance":1.2,"click1_steepness":3,"click1_outer_length":28,"click1_inner_length":10,"click1_height":4,"click1_strength":1.4,"click1_wall_strength":1.2}
groove above - {"plate_size":[84,42],"bed_size":[256,256],"click":true,"click_style":1,"clickgroove_gap_length":20,"clickgroove_tab_length":14,"clickgroove_strength":1.2,"clickgroove_wall_strength":0.8,"clickgroove_depth":0.6}
chamfer below - {"plate_size":[84,84],"bed_size":[256,256],"filler_x":0,"edge_adjust":[4,4,4,4],"bottom_chamfer":[3,3,3,3],"top_chamfer":[1.5,1.5,1.5,1.5]}
rim above - {"plate_size":[126,84],"bed_size":[256,256],"plate_wall_thickness":[3,2,0,2],"plate_wall_height":[6,2],"plate_wall_above":[0,18,18,0],"plate_wall_below":[6,0,0,6],"horizontal_screw_wall_north":true,"horizontal_screw_wall_east":true,"horizontal_screw_diameter":4,"horizontal_screw_countersink":[7,1.5]}
rimscrews above - {"plate_size":[126,84],"bed_size":[256,256],"plate_wall_thickness":[0,0,4,4],"plate_wall_height":[14,0],"horizontal_screw_wall_south":true,"horizontal_screw_wall_west":true,"horizontal_screw_counterbore":[8,2],"horizontal_screw_offset":[8,2]}
screws above - {"plate_size":[126,126],"bed_size":[256,256],"solid_base":3,"vertical_screw_other":true,"vertical_screw_diameter":4,"vertical_screw_countersink_top":[8,2.4],"vertical_screw_counterbore_top":[8,1]}
screwsgrid above - {"plate_size":[168,168],"bed_size":[256,256],"solid_base":2,"vertical_screw_diameter":6,"vertical_screw_plate_corners":true,"vertical_screw_plate_corners_inset":[1,1],"vertical_screw_plate_edges":true}
screwsplate above - {"plate_size":[252,168],"bed_size":[130,180],"solid_base":2,"vertical_screw_diameter":6,"vertical_screw_segment_corners":true,"vertical_screw_segment_corners_inset":[1,1],"vertical_screw_segment_edges":true}
stack above stack {"plate_size":[84,126],"bed_size":[90,90],"stacked_print":true,"stacked_print_layer_height":0.3,"stacked_print_min_gap":15,"stacked_print_duplicates":2,"stacked_print_flip_first":1,"stacked_print_flip":2,"stacked_print_slice":0.5}
beds above - {"plate_size":[336,210],"bed_size":[180,180],"more_beds":[[256,256]]}
turns above A1 {"plate_size":[126,84],"bed_size":[90,90],"seam_style":1}
keyed above A1 {"plate_size":[126,84],"bed_size":[90,90],"seam_style":2}
ribs above - {"plate_size":[42,42],"bed_size":[256,256],"magnets":true,"magnet_style":0,"magnet_frame_style":0,"magnet_rib_count":8,"magnet_rib_depth":0.4,"magnet_release_width":0}
mount above - {"plate_size":[84,42],"bed_size":[256,256],"magnets":true,"mount_screws":true,"mount_screw_diameter":4,"mount_screw_head":8}
weight below - {"plate_size":[84,42],"bed_size":[256,256],"solid_base":5,"weight_pockets":true,"weight_pocket_size":24,"weight_pocket_depth":3.5}
relief above - {"plate_size":[42,42],"bed_size":[256,256],"solid_base":2,"seat_relief":1}
original upstream - {"plate_size":[336,252],"bed_size":[180,180],"x_segment_algorithm":1,"x_column_count_first":2,"y_row_count_first":[2,3]}
PICTURES
COUPONS=$(mktemp -d)
printf '{"magnets":true,"magnet_style":0}' | "$GRIDFLOCK" coupon - --out "$COUPONS" >/dev/null
mv "$COUPONS/coupons.png" "$OUT/coupons.png"
rm -r "$COUPONS"
