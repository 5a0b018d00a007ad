DELETE FROM liked_properties WHERE id_user = :account AND id_property = :id
