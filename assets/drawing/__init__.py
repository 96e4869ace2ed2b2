"""Everything Liveroom's demo shows, computed: pictures, movement and sound."""
