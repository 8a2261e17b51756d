// The image of where a galaxy's error lies, as numbers and for the eye.
// Pure functions.
#pragma once

#include "client/output.h"
#include "peculiar/v1/score.pb.h"

namespace peculiar::client {

// The values as rows from the south, spaxels of a row from the east; empty unless the scores come
// with side x side of them. Values that are not finite are null.
OrderedJson SpaxelRows(const v1::ModelScores& scores, int side);

// A picture in characters, north up and east left: ten shades from nothing to the largest value,
// two characters a spaxel. Without rows unless the scores come with side x side values.
Table SpaxelPicture(const v1::ModelScores& scores, int side);

}  // namespace peculiar::client
